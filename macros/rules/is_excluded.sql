{# Rule 7.1. A merged conversation continues, and counts, elsewhere. An escalation that belongs to one of its segments
   does not continue there, so with one the conversation counts here. #}
{% macro is_excluded(exclusion_reason, is_escalated) -%}
    ({{ exclusion_reason }} is not null and ({{ keyword(exclusion_reason) }} <> 'merged' or not {{ is_escalated }}))
{%- endmacro %}
