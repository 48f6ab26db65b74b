{# Drops a table of `scratch` after its last selected reader, direct or through views, to free memory. The table's own
   tests have ended by then, because dbt starts no reader before. If you name a file for these tables, you want to look
   at them, so nothing is dropped. #}
{% macro is_scratch_dropped() -%}
    {{ return(target.type == 'duckdb' and not env_var('CONTAINMENT_SCRATCH', '')) }}
{%- endmacro %}

{# Records which model reads which table, once before each run, because walking the graph takes time. It goes into the
   database, the only place that models share. #}
{% macro note_who_reads() -%}
    {%- if execute and is_scratch_dropped() -%}
        {%- set readings = [] -%}
        {%- for unique_id in selected_resources if unique_id in graph.nodes -%}
            {%- set node = graph.nodes[unique_id] -%}
            {%- if node.resource_type == 'model' and not is_view(node) and is_in_one_build(node.fqn) -%}
                {%- for table in tables_behind(unique_id) | unique -%}
                    {%- do readings.append("('" ~ unique_id ~ "', '" ~ table ~ "')") -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
        create schema if not exists {{ in_scratch('readings').include(identifier=false) }};
        create or replace table {{ in_scratch('readings') }} (reader varchar, read_table varchar);
        create or replace table {{ in_scratch('readers_done') }} (reader varchar);
        {%- if readings %} insert into {{ in_scratch('readings') }} values {{ readings | join(', ') }} {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Runs after each table, in its own transaction. If two models end at the same time, the one recorded last drops the
   table. #}
{% macro drop_what_was_read() -%}
    {%- if is_scratch_dropped() and is_in_one_build(model.fqn) -%}
        {%- do run_query('insert into ' ~ in_scratch('readers_done') ~ " values ('" ~ model.unique_id ~ "')") -%}
        {%- do adapter.commit() -%}
        {%- set read = run_query(
            'select read_table from ' ~ in_scratch('readings') ~ ' left join ' ~ in_scratch('readers_done') ~ ' as done using (reader) '
            ~ 'group by read_table having count(*) = count(done.rowid) '
            ~ "and max_by(reader, done.rowid) = '" ~ model.unique_id ~ "'"
        ) -%}
        {%- for table in read.columns[0].values() -%}
            {%- set node = graph.nodes[table] -%}
            {%- do adapter.drop_relation(api.Relation.create(node.database, node.schema, node.alias, type='table')) -%}
        {%- endfor -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}

{# Whether a model may read such a table. Models of the numbered folders may; marts may not. #}
{% macro is_in_one_build(fqn) -%} {{ return(fqn | length > 3 and fqn[1] == 'intermediate') }} {%- endmacro %}

{# Whether a model stores no rows of its own. #}
{% macro is_view(node) -%} {{ return(node.config.materialized in ['view', 'replaced_view']) }} {%- endmacro %}

{# The tables of `scratch` that a model reads. #}
{% macro tables_behind(unique_id) -%}
    {%- set found = [] -%}
    {%- for parent in graph.nodes[unique_id].depends_on.nodes if parent in graph.nodes -%}
        {%- set node = graph.nodes[parent] -%}
        {%- if is_in_one_build(node.fqn) -%}
            {%- if is_view(node) -%} {%- do found.extend(tables_behind(parent)) -%}
            {%- elif node.config.database == 'scratch' -%} {%- do found.append(parent) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# A table beside those of `scratch`, whether that is a database or a schema. #}
{% macro in_scratch(name) -%}
    {%- if is_scratch_attached() -%}
        {{ return(api.Relation.create('scratch', var('schema_prefix', '') ~ 'intermediate', name, type='table')) }}
    {%- endif -%}
    {{ return(api.Relation.create(target.database, var('schema_prefix', '') ~ 'scratch', name, type='table')) }}
{%- endmacro %}

{# Drops the schema of `scratch` after each run. An attached database in memory vanishes by itself, and one in a file
   stays for you to look at. #}
{% macro drop_scratch() -%}
    {%- if execute and is_scratch_dropped() and not is_scratch_attached() -%}
        drop schema if exists {{ in_scratch('readings').include(identifier=false) }} cascade
    {%- endif -%}
{%- endmacro %}
