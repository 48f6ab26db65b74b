{# After more days than these without a session, what follows is far from what came before: see int_drawn_span. #}
{% macro drawn_gap_days() -%} 400 {%- endmacro %}
