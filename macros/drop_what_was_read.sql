{# Drops a table of the attached database `scratch` after the last selected model that reads it, itself or through views, so
   that memory is not held for nobody. A table's own tests have ended by then, for dbt lets no reader begin before. Whoever
   names a file for these tables wants to look at them: there nothing is dropped. #}
{% macro is_scratch_dropped() -%}
    {{ return(target.type == 'duckdb' and not env_var('CONTAINMENT_SCRATCH', '')) }}
{%- endmacro %}

{# Before each run: which models have been made. Models see no more of each other than what is in the database. #}
{% macro note_what_is_made() -%}
    {%- if execute and is_scratch_dropped() -%}
        create schema if not exists scratch.intermediate;
        create or replace table scratch.intermediate.made_models (unique_id varchar)
    {%- endif -%}
{%- endmacro %}

{# After each table, in a transaction of its own. Of two models that end at the same time the one noted last drops. #}
{% macro drop_what_was_read() -%}
    {%- set tables = tables_behind(model.unique_id) | unique | list if is_scratch_dropped() else [] -%}
    {%- if tables -%}
        {%- do run_query("insert into scratch.intermediate.made_models values ('" ~ model.unique_id ~ "')") -%}
        {%- do adapter.commit() -%}
        {%- set made = run_query('select unique_id from scratch.intermediate.made_models order by rowid').columns[0].values() | list -%}
        {%- for table in tables -%}
            {%- set readers = readers_of(table) -%}
            {%- if readers | reject('in', made) | list | length == 0 -%}
                {%- if (made | select('in', readers) | list)[-1] == model.unique_id -%}
                    {%- set node = graph.nodes[table] -%}
                    {%- do adapter.drop_relation(api.Relation.create(node.database, node.schema, node.alias, type='table')) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}

{# The tables of `scratch` that a model reads. #}
{% macro tables_behind(unique_id) -%}
    {%- set found = [] -%}
    {%- for parent in graph.nodes[unique_id].depends_on.nodes if parent in graph.nodes -%}
        {%- set node = graph.nodes[parent] -%}
        {%- if node.config.materialized == 'view' -%} {%- do found.extend(tables_behind(parent)) -%}
        {%- elif node.database == 'scratch' -%} {%- do found.append(parent) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The selected models that read a table of `scratch`. #}
{% macro readers_of(table) -%}
    {%- set readers = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized != 'view' -%}
        {%- if node.unique_id in selected_resources and table in tables_behind(node.unique_id) -%}
            {%- do readers.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(readers) }}
{%- endmacro %}
