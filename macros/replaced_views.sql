{# A view is replaced by one statement, which is atomic in DuckDB. dbt-duckdb's own way makes, renames, renames and drops,
   which costs a night more than the view's work. #}
{% materialization view, adapter='duckdb' %}
    {%- set replaced = create_or_replace_view() -%}
    {%- do persist_docs(replaced['relations'][0], model) -%}
    {{ adapter.commit() }}
    {{ return(replaced) }}
{% endmaterialization %}

{% macro duckdb__create_view_as(relation, sql) -%}
    {%- if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif %}
    create or replace view {{ relation }} as (
        {{ sql }}
    );
{%- endmacro %}
