{# A list of texts as JSON, without repeats and in order; null if it is null or empty. DuckDB only: sources that have
   lists are read there. #}
{% macro json_texts(texts) -%}
    case when len({{ texts }}) > 0 then cast(to_json(list_sort(list_distinct({{ texts }}))) as varchar) end
{%- endmacro %}

{# One text as a JSON list; null if it is null. #}
{% macro json_text(value) -%}
    {{ return(adapter.dispatch('json_text', 'containment')(value)) }}
{%- endmacro %}

{% macro default__json_text(value) -%} '[' || cast(to_json({{ value }}) as varchar) || ']' {%- endmacro %}

{# In Spark, only structs, lists and maps are JSON. #}
{% macro spark__json_text(value) -%} case when {{ value }} is not null then to_json(array({{ value }})) end {%- endmacro %}

{# A row for each text of the list that a JSON object has under a name; no row if there is none. #}
{% macro each_text(json, name) -%}
    {{ return(adapter.dispatch('each_text', 'containment')(json, name)) }}
{%- endmacro %}

{% macro default__each_text(json, name) -%}
    unnest(cast(json_extract({{ json }}, '$."{{ name }}"') as varchar[]))
{%- endmacro %}

{% macro spark__each_text(json, name) -%}
    explode(from_json(get_json_object({{ json }}, '$.{{ name }}'), 'array<string>'))
{%- endmacro %}
