{# Returns every key that has several rows or a null column. changes_alone: only a conversation that was cut tonight can
   add a second row of a key, so only its keys are checked (see is_judged). A key without conversation_id, which then
   has one column, is compared with all rows. #}
{% test key(model, columns, changes_alone=false) %}
{%- set checks = row_checks(columns) + [(columns | join(', ') ~ ' unique', 'count(*) > 1')] %}
select
    {{ columns | join(',\n    ') }},
    count(*) as row_count,
    {{ failed_checks(checks) }} as failed_checks
from {{ model }} as judged
{%- if changes_alone and 'conversation_id' in columns %}
where {{ is_judged('judged') }}
{%- elif changes_alone %}
where {{ columns[0] }} is null
    or {{ columns[0] }} in (select judged.{{ columns[0] }} from {{ model }} as judged where {{ is_judged('judged') }})
{%- endif %}
group by {{ columns | join(', ') }}
having
    {%- for name, condition in checks %}
    {{ 'or ' if not loop.first }}{{ condition }}
    {%- endfor %}
{% endtest %}
