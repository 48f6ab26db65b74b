{# The labels of a Chatwoot conversation as a list, which Chatwoot keeps as a text with commas. #}
{% macro chatwoot_labels(row) -%}
    string_split(nullif(regexp_replace(trim({{ row }}.cached_label_list), '\s*,\s*', ',', 'g'), ''), ',')
{%- endmacro %}
