{# The schemas are named exactly raw, staging, intermediate and marts on every target. A project that imports this one
   can put `schema_prefix` before them. Tables that only one build needs are in the schema `scratch` if no database of
   that name is attached. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set is_scratch = node.config.database == 'scratch' and not is_scratch_attached() -%}
    {%- set own_name = 'scratch' if is_scratch and target.type == 'duckdb' else custom_schema_name -%}
    {{ var('schema_prefix', '') ~ own_name if own_name else target.schema }}
{%- endmacro %}
