{# Fails with every key that more than one row has, or of which a column is null. changes_alone: a second row of a key can
   only come with a conversation that was cut tonight, whose keys alone need be judged (see is_judged); a key without
   conversation_id, which has one column then, is looked for in all rows. #}
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
