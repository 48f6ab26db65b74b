{# The enabled sources that have a model stg_<source>__ratings. dbt asks which models a model reads before it knows which
   there are, so a setting names them; one that it forgets stops the build, or its ratings would be left out unsaid. #}
{% macro sources_with_ratings() -%}
    {%- set listed = var('sources') | select('in', var('sources_with_ratings')) | list -%}
    {%- if execute -%}
        {%- for source in var('sources') | reject('in', listed) if 'model.containment.stg_' ~ source ~ '__ratings' in graph.nodes -%}
            {%- do exceptions.raise_compiler_error('sources_with_ratings: add ' ~ source ~ ', for there is stg_' ~ source ~ '__ratings') -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(listed) }}
{%- endmacro %}
