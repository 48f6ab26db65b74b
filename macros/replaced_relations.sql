{# A table or a view is replaced in place, in one transaction: who reads it sees the old one or the new one. dbt-duckdb's own
   way makes another, renames the old one, renames the new one and drops the old one, and asks the catalog before each
   step, which costs a night more than the work of most models. #}
{% materialization table, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        {% if existing is not none %} drop {{ existing.type }} if exists {{ existing }}; {% endif %}
        {{ create_table_as(False, relation, compiled_code) }}
    {%- endcall -%}
    {{ return(finish(relation)) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set replaced = create_or_replace_view() -%}
    {%- do persist_docs(replaced['relations'][0], model) -%}
    {{ adapter.commit() }}
    {{ return(replaced) }}
{% endmaterialization %}

{# What follows the main statement of a table, a kept one too: hooks, comments, the commit. #}
{% macro finish(relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {%- do drop_what_was_read() -%}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}

{% macro duckdb__create_view_as(relation, sql) -%}
    {%- if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif %}
    create or replace view {{ relation }} as (
        {{ sql }}
    );
{%- endmacro %}
