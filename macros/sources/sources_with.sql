{# The enabled sources that have a model stg_<source>__<table>, for an optional table (ratings, claims). dbt asks which
   models a model reads before it knows which exist, so the setting sources_with_<table> lists the sources. A source that
   is missing there stops the build; otherwise its rows would be left out silently. #}
{% macro sources_with(table) -%}
    {%- set setting_name = 'sources_with_' ~ table -%}
    {%- set listed = var('sources') | select('in', var(setting_name)) | list -%}
    {%- if execute and graph.nodes -%} {#- a unit test may have no graph -#}
        {%- set names = graph.nodes.values() | map(attribute='name') | list -%}
        {%- for source in var('sources') | reject('in', listed) if 'stg_' ~ source ~ '__' ~ table in names -%}
            {%- do exceptions.raise_compiler_error(
                setting_name ~ ': add ' ~ source ~ ', for there is stg_' ~ source ~ '__' ~ table
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(listed) }}
{%- endmacro %}
