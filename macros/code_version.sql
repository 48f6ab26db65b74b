{# A fingerprint of the code that cuts a source's conversations: its own staging folder, what all sources share up to
   the kept tables, and every macro but data tests. What it does not cover are the marts, which are made anew each night.
   dbt's own checksum of a model is another one in another version of dbt. #}
{% macro code_version(source) -%}
    {%- set texts = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and is_cutting_code(node.fqn, source) -%}
            {%- do texts.append(node.name ~ node.raw_code) -%}
        {%- endfor -%}
        {%- for name, macro in context[project_name].items() if not name.startswith('test_') -%}
            {%- do texts.append(name ~ macro.macro.macro_sql) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(texts | sort | join('\n'))) }}
{%- endmacro %}

{# Whether a model lies on the way of a source's rows to the kept tables; fqn: project, folders, name. #}
{% macro is_cutting_code(fqn, source) -%}
    {{ return(
        (fqn[1] == 'staging' and (fqn | length == 3 or fqn[2] == source)) or (fqn[1] == 'intermediate' and fqn | length > 3)
    ) }}
{%- endmacro %}
