{# A stretch of sessions ends after more than this many days without one: see int_drawn_span. #}
{% macro drawn_gap_days() -%} 400 {%- endmacro %}
