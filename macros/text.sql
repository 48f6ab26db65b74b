{# A raw value as text, as it came; null where it is blank. #}
{% macro text(column) -%}
    case when trim(cast({{ column }} as {{ dbt.type_string() }})) <> '' then cast({{ column }} as {{ dbt.type_string() }}) end
{%- endmacro %}
