{# If the profile has one, `scratch` is an attached database, by default in memory. Otherwise, and on Spark, the
   target's database is the only one. #}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {%- set is_missing = custom_database_name == 'scratch' and not is_scratch_attached() -%}
    {{ return(adapter.dispatch('generate_database_name', 'dbt')(none if is_missing else custom_database_name, node)) }}
{%- endmacro %}

{% macro is_scratch_attached() -%}
    {%- set attached = [] -%}
    {%- if target.type == 'duckdb' -%}
        {%- for database in target.attach or [] -%} {%- do attached.append(database.alias) -%} {%- endfor -%}
    {%- endif -%}
    {{ return('scratch' in attached) }}
{%- endmacro %}
