{# Eight hex digits that change with everything that can move a number without a changed row: code, lookups, settings.
   as_of is not included: it says when, not how. #}
{% macro rules_version() -%}
    {%- set texts = [] -%}
    {%- for source in var('sources') -%} {%- do texts.append(source ~ code_version(source)) -%} {%- endfor -%}
    {%- for name in [
        'session_scope', 'after_escalation', 'courtesy_minutes', 'infer_takeovers', 'reporting_timezone',
        'raw_timezone', 'raw_time_format', 'raw_epoch', 'null_words', 'raw_columns'
    ] -%}
        {%- do texts.append(name ~ tojson(var(name), sort_keys=true)) -%}
    {%- endfor -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if is_rule(node) -%}
            {%- do texts.append(node.name ~ node.checksum.checksum) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(texts | sort | join('\n'))[:8]) }}
{%- endmacro %}

{# Whether a node is a lookup that moves numbers: a seed that declares its key and does not declare that it moves none.
   The sample's raw tables declare no key. #}
{% macro is_rule(node) -%}
    {%- set meta = node.config.meta or {} -%}
    {{ return(node.resource_type == 'seed' and 'key' in meta and meta.get('moves_numbers', true)) }}
{%- endmacro %}
