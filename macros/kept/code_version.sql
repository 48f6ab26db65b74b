{# A fingerprint of the code that cuts a source's conversations: its staging folder, the shared models up to the kept
   tables, and every macro except data tests. In dbt 2 a macro cannot read the other macros (docs/dbt2.md). The marts
   are not covered, because every night rebuilds them. dbt's own checksum of a model differs between versions. #}
{% macro code_version(source) -%}
    {%- set texts = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and is_cutting_code(node, source) -%}
            {%- do texts.append(node.name ~ node.raw_code) -%}
        {%- endfor -%}
        {%- if dbt_version.startswith('1.') -%}
            {%- for name, macro in context['containment'].items() if not name.startswith('test_') -%}
                {%- do texts.append(name ~ macro.macro.macro_sql) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(local_md5(texts | sort | join('\n'))) }}
{%- endmacro %}

{# Whether a source's rows pass through a model on their way to the kept tables (fqn: project, folders, name). A project
   that imports this one may stage a source itself. Models that its staging reads need no fingerprint: a change in them
   that moves a number also changes the staged rows. #}
{% macro is_cutting_code(node, source) -%}
    {%- set fqn = node.fqn -%}
    {%- if node.package_name != 'containment' -%} {{ return(node.name.startswith('stg_' ~ source ~ '__')) }} {%- endif -%}
    {{ return(
        (fqn[1] == 'staging' and (fqn | length == 3 or fqn[2] == source)) or (fqn[1] == 'intermediate' and fqn | length > 3)
    ) }}
{%- endmacro %}
