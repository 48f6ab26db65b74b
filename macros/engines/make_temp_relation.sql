{# The temporary view of a unit test on Spark. dbt-spark names it after the test alone, so two tests of the same name,
   of different models, would share it when they run in parallel. #}
{% macro spark__make_temp_relation(base_relation, suffix) -%}
    {%- set name = base_relation.identifier ~ '_' ~ local_md5(model.unique_id)[:8] ~ suffix -%}
    {{ return(base_relation.incorporate(path={'identifier': name}).include(database=false, schema=false)) }}
{%- endmacro %}
