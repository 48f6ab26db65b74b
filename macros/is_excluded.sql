{# Rule 7.1. A merged conversation is continued, and counted, elsewhere; an escalation that belongs to one of its segments
   is not, so with one it counts here. #}
{% macro is_excluded(exclusion_reason, is_escalated) -%}
    ({{ exclusion_reason }} is not null and ({{ keyword(exclusion_reason) }} <> 'merged' or not {{ is_escalated }}))
{%- endmacro %}
