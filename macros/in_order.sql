{# The window of a row and the rows of its group before it: a running count, or the row before. On DuckDB the rows have to
   come in that order (`sort_once`): the window names neither group nor order, and is a stream that sorts nothing. It looks
   back into the groups before as well, so whoever uses it asks whether the row before is of the same group. #}
{% macro in_order(group, order, rows='') -%}
    {{ return(adapter.dispatch('in_order')(group, order, rows)) }}
{%- endmacro %}

{# The linter reads no window without an order. #}
{% macro default__in_order(group, order, rows) -%}
    {{ spark__in_order(group, order, rows) if target.name == 'lint' else '(' ~ rows ~ ')' }}
{%- endmacro %}
{% macro spark__in_order(group, order, rows) -%} (partition by {{ group }} order by {{ order }} {{ rows }}) {%- endmacro %}

{# Ends the query that gives rows to such windows. On Spark each window sorts for itself. #}
{% macro sort_once(group, order) -%}
    {{ return(adapter.dispatch('sort_once')(group, order)) }}
{%- endmacro %}

{% macro default__sort_once(group, order) -%} order by {{ group }}, {{ order }} {%- endmacro %}
{% macro spark__sort_once(group, order) -%} {%- endmacro %}

{# A condition that lets every row through, and ends the statement at one that comes before its predecessor: DuckDB promises
   no order of the rows that reach a window without one, and a wrong order would be a wrong number. #}
{% macro assert_in_order(is_before) -%}
    {{ return(adapter.dispatch('assert_in_order')(is_before)) }}
{%- endmacro %}

{% macro default__assert_in_order(is_before) -%}
    case when {{ is_before }} then error('rows do not come in their order: {{ this.identifier }}') else true end
{%- endmacro %}
{% macro spark__assert_in_order(is_before) -%} true {%- endmacro %}
