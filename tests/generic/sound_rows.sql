{# Fails with every row of which a column is null, has a value that is not accepted or one out of its bounds, and names the
   columns and checks in failed_checks: one statement for all columns of a model. not_null: columns; accepted_values:
   {column: [value, ...]}; between: {column: [low, high]}. #}
{% test sound_rows(model, not_null=[], accepted_values={}, between={}) %}
{%- set checks = row_checks(not_null, accepted_values, between) %}
select
    judged.*,
    {{ failed_checks(checks) }} as failed_checks
from {{ model }} as judged
where
    {%- for name, condition in checks %}
    {{ 'or ' if not loop.first }}{{ condition }}
    {%- endfor %}
{% endtest %}
