{# Limits DuckDB's memory if the environment says so (8GB). DuckDB spills what does not fit to files beside the
   warehouse. This is not a setting of profiles.yml, because DuckDB 1.5 has no value for its default, 80 % of the
   machine's memory. #}
{% macro limit_memory() -%}
    {%- set limit = env_var('CONTAINMENT_MEMORY_LIMIT', '') -%}
    {%- if limit and target.type == 'duckdb' -%} set memory_limit = '{{ limit }}' {%- endif -%}
{%- endmacro %}
