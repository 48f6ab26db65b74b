{# Replace a table or a view in place, in one transaction: a reader sees the old one or the new one. dbt's own `table`
   and `view` build another relation, rename both, drop the old one, and query the catalog before each step, which costs
   more than most models here. These two support no indexes, grants, partitions or Python; a model that needs them is a
   `table`. #}
{% materialization replaced_table, adapter='duckdb' %}
    {{ return(replace_relation('table')) }}
{% endmaterialization %}

{% materialization replaced_view, adapter='duckdb' %}
    {{ return(replace_relation('view')) }}
{% endmaterialization %}

{% materialization replaced_table, adapter='spark' %}
    {{ return(context['materialization_table_spark']()) }}
{% endmaterialization %}

{% materialization replaced_view, adapter='spark' %}
    {{ return(context['materialization_view_spark']()) }}
{% endmaterialization %}

{% macro replace_relation(type) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type=type) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        {% if existing is not none %} drop {{ existing.type }} if exists {{ existing }}; {% endif %}
        {% if config.get('contract').enforced %} {{ get_assert_columns_equivalent(compiled_code) }} {% endif %}
        {% if type == 'table' and config.get('contract').enforced %}
            create table {{ relation }} {{ get_table_columns_and_constraints() }};
            insert into {{ relation }} by name {{ compiled_code }}
        {% else %}
            create {{ type }} {{ relation }} as ( {{ compiled_code }} )
        {% endif %}
    {%- endcall -%}
    {{ return(finish_relation(relation)) }}
{%- endmacro %}

{# Runs after the main statement of a replaced relation or a kept table: hooks, comments, the commit. #}
{% macro finish_relation(relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do write_comments(relation) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {%- if relation.type == 'table' -%} {%- do drop_what_was_read() -%} {%- endif -%}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}

{# The descriptions of a model's columns by name. meta: columns_of names a model whose columns it has first; the attributes
   come after them. #}
{% macro described_columns() -%}
    {%- set found = {} -%}
    {%- set wider = config.get('meta', {}).get('columns_of') -%}
    {%- if wider -%}
        {%- do found.update(described(graph.nodes['model.' ~ model.package_name ~ '.' ~ wider].columns)) -%}
        {%- for name in var('attributes') -%}
            {%- do found.update({name: 'The values of the attribute ' ~ name ~ ', joined by a comma.'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do found.update(described(model.columns)) -%}
    {{ return(found) }}
{%- endmacro %}

{% macro described(columns) -%}
    {%- set found = {} -%}
    {%- for column in columns.values() if column.description -%}
        {%- do found.update({column.name: column.description}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Sets all comments of a mart in one statement. dbt's persist_docs queries the catalog twice for the columns, which the
   contract already names. #}
{% macro write_comments(relation) -%}
    {%- set comments -%}
        {%- if config.persist_relation_docs() and model.description -%}
            {{ alter_relation_comment(relation, model.description) }}
        {%- endif -%}
        {%- if config.persist_column_docs() -%}
            {%- for name, description in described_columns().items() -%}
                comment on column {{ relation }}.{{ adapter.quote(name) }} is {{ duckdb_escape_comment(description) }};
            {%- endfor -%}
        {%- endif -%}
    {%- endset -%}
    {%- if comments | trim -%}
        {%- call statement('comments') -%} {{ comments }} {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
