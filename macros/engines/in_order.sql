{# The window of a row and the earlier rows of its group, for a running count or the previous row. On DuckDB the rows
   must already be in that order (`sort_once`): the window names neither group nor order, so it streams without sorting.
   It also sees earlier groups, so the caller must check that the previous row is of the same group. #}
{% macro in_order(group, order, rows='') -%}
    {{ return(adapter.dispatch('in_order', 'containment')(group, order, rows)) }}
{%- endmacro %}

{# The linter cannot parse a window without an order. #}
{% macro default__in_order(group, order, rows) -%}
    {{ spark__in_order(group, order, rows) if target.name == 'lint' else '(' ~ rows ~ ')' }}
{%- endmacro %}
{% macro spark__in_order(group, order, rows) -%} (partition by {{ group }} order by {{ order }} {{ rows }}) {%- endmacro %}

{# Ends the query that feeds such windows. On Spark each window sorts its own rows. #}
{% macro sort_once(group, order) -%}
    {{ return(adapter.dispatch('sort_once', 'containment')(group, order)) }}
{%- endmacro %}

{% macro default__sort_once(group, order) -%} order by {{ group }}, {{ order }} {%- endmacro %}
{% macro spark__sort_once(group, order) -%} {%- endmacro %}

{# A condition that passes every row, and fails the statement if a row is out of order. DuckDB guarantees no row order
   for a window without one, and a wrong order would give a wrong number. #}
{% macro assert_in_order(is_before) -%}
    {{ return(adapter.dispatch('assert_in_order', 'containment')(is_before)) }}
{%- endmacro %}

{% macro default__assert_in_order(is_before) -%}
    case when {{ is_before }} then error('rows do not come in their order: {{ this.identifier }}') else true end
{%- endmacro %}
{% macro spark__assert_in_order(is_before) -%} true {%- endmacro %}
