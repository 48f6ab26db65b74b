{# Returns every row in which a column is null, has a value that is not accepted, or is out of bounds; failed_checks
   names the columns and checks. One statement checks all columns of a model. not_null: columns; accepted_values:
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
