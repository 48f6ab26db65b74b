{# The optional raw table of persons, without a row, if nobody gives one. #}
{% macro make_identities() -%}
    {%- if execute -%}
        {%- set table = plain_table(source('identities', 'identities')) -%}
        {%- if adapter.get_relation(table.database, table.schema, table.identifier) is none -%}
            {%- do adapter.create_schema(table) -%}
            {%- do make_empty_anew(table, columns_of_kept_identities()) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
