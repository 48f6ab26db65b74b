{# A raw value as a boolean: the default if it is blank, null if it cannot be read. typeof is known when the query is
   planned, so a column that is already a boolean costs nothing. #}
{% macro boolean(column, default) -%}
    case
        when lower(typeof({{ column }})) = 'boolean' then coalesce(try_cast({{ column }} as boolean), {{ default }})
        else try_cast(coalesce({{ keyword(column) }}, '{{ default }}') as boolean)
    end
{%- endmacro %}
