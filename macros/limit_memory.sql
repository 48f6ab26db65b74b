{# Limits DuckDB's memory where the environment says so (8GB); what does not fit is spilled to files beside the warehouse.
   No setting of profiles.yml, for DuckDB 1.5 has no word for what it does by itself: 80 % of the machine's memory. #}
{% macro limit_memory() -%}
    {%- set limit = env_var('CONTAINMENT_MEMORY_LIMIT', '') -%}
    {%- if limit and target.type == 'duckdb' -%} set memory_limit = '{{ limit }}' {%- endif -%}
{%- endmacro %}
