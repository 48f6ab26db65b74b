{# Eight hex digits that change with whatever can move a number without a row being changed: code, lookups, settings.
   as_of is none of them: it says when, not how. A lookup is a seed that declares its key; raw tables of the sample
   declare none. #}
{% macro rules_version() -%}
    {%- set texts = [] -%}
    {%- for source in var('sources') -%} {%- do texts.append(source ~ code_version(source)) -%} {%- endfor -%}
    {%- for name in ['session_scope', 'after_escalation', 'courtesy_minutes', 'reporting_timezone'] -%}
        {%- do texts.append(name ~ setting(name)) -%}
    {%- endfor -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.config.meta.key is defined -%}
            {%- do texts.append(node.name ~ node.checksum.checksum) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(texts | sort | join('\n'))[:8]) }}
{%- endmacro %}
