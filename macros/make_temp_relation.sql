{# The temporary view of a unit test on Spark. dbt-spark names it after the test alone; two tests of one name, for two
   models, would share it when they run side by side. #}
{% macro spark__make_temp_relation(base_relation, suffix) -%}
    {%- set name = base_relation.identifier ~ '_' ~ local_md5(model.unique_id)[:8] ~ suffix -%}
    {{ return(base_relation.incorporate(path={'identifier': name}).include(database=false, schema=false)) }}
{%- endmacro %}
