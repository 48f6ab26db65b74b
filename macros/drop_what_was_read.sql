{# Drops a table of the attached database `scratch` after the last selected model that reads it, itself or through views, so
   that memory is not held for nobody. A table's own tests have ended by then, for dbt lets no reader begin before. Whoever
   names a file for these tables wants to look at them: there nothing is dropped. #}
{% macro is_scratch_dropped() -%}
    {{ return(target.type == 'duckdb' and not env_var('CONTAINMENT_SCRATCH', '')) }}
{%- endmacro %}

{# Before each run, once, for walking the graph takes time: who will read which table. Models see no more of each other than
   what is in the database. #}
{% macro note_who_reads() -%}
    {%- if execute and is_scratch_dropped() -%}
        {%- set readings = [] -%}
        {%- for unique_id in selected_resources if unique_id in graph.nodes -%}
            {%- set node = graph.nodes[unique_id] -%}
            {%- if node.resource_type == 'model' and node.config.materialized != 'view' and is_in_one_build(node.fqn) -%}
                {%- for table in tables_behind(unique_id) | unique -%}
                    {%- do readings.append("('" ~ unique_id ~ "', '" ~ table ~ "')") -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
        create schema if not exists scratch.intermediate;
        create or replace table scratch.intermediate.readings (reader varchar, read_table varchar);
        create or replace table scratch.intermediate.readers_done (reader varchar);
        {%- if readings %} insert into scratch.intermediate.readings values {{ readings | join(', ') }} {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# After each table, in a transaction of its own. Of two models that end at the same time the one noted last drops. #}
{% macro drop_what_was_read() -%}
    {%- if is_scratch_dropped() and is_in_one_build(model.fqn) -%}
        {%- do run_query("insert into scratch.intermediate.readers_done values ('" ~ model.unique_id ~ "')") -%}
        {%- do adapter.commit() -%}
        {%- set read = run_query(
            'select read_table from scratch.intermediate.readings left join scratch.intermediate.readers_done as done using (reader) '
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

{# Whether a model may read such a table: those of the numbered folders do, and no mart. #}
{% macro is_in_one_build(fqn) -%} {{ return(fqn | length > 3 and fqn[1] == 'intermediate') }} {%- endmacro %}

{# The tables of `scratch` that a model reads. #}
{% macro tables_behind(unique_id) -%}
    {%- set found = [] -%}
    {%- for parent in graph.nodes[unique_id].depends_on.nodes if parent in graph.nodes -%}
        {%- set node = graph.nodes[parent] -%}
        {%- if is_in_one_build(node.fqn) -%}
            {%- if node.config.materialized == 'view' -%} {%- do found.extend(tables_behind(parent)) -%}
            {%- elif node.database == 'scratch' -%} {%- do found.append(parent) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
