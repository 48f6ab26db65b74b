{# A table that is kept from night to night: the rows of what has changed are replaced, in one transaction; all others are
   left alone. When nothing is kept, it is an ordinary table; when what has changed was not looked for in this run (the
   model was selected alone), nothing is replaced. Config: `changed`, the model that lists what has changed, and `key`, the
   columns that name it in both tables. #}
{% materialization kept, adapter='duckdb' %}
    {%- set changed = config.get('changed', 'int_changed_conversations') -%}
    {%- set key = config.get('key', ['source', 'conversation_id']) -%}
    {%- if is_nothing_kept() or load_cached_relation(this) is none -%}
        {{ return(context['materialization_table_duckdb']()) }}
    {%- endif -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- if 'model.' ~ model.package_name ~ '.' ~ changed not in selected_resources -%}
        {%- do log(model.name ~ ' stays as it is: this run does not include ' ~ changed ~ ', which looks for changes', info=True) -%}
        {%- call noop_statement('main', 'NOTHING CHANGED') -%} {%- endcall -%}
        {{ return({'relations': [relation]}) }}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        delete from {{ relation }} as kept
        where exists (
            select 1 from {{ this.incorporate(path={'identifier': changed}) }} as changed
            where {% for column in key %} kept.{{ column }} = changed.{{ column }} {{ 'and' if not loop.last }} {% endfor %}
        );
        insert into {{ relation }} by name {{ compiled_code }}
    {%- endcall -%}
    {{ return(finish(relation)) }}
{% endmaterialization %}

{# Spark's tables of files know neither updates nor transactions: nothing is kept there, every run makes the table anew. #}
{% materialization kept, adapter='spark' %}
    {{ return(context['materialization_table_' ~ adapter.type()]()) }}
{% endmaterialization %}

{# Whether every conversation is being cut. The list of what has changed goes when the states are emptied, and must be made
   anew before a kept table is: by the old one the table would be left with an earlier night's changes alone. #}
{% macro is_nothing_kept() -%}
    {%- if adapter.get_relation(target.database, 'intermediate', 'int_changed_conversations') is none -%}
        {%- do exceptions.raise_compiler_error('run int_changed_conversations first: all conversations are to be cut again') -%}
    {%- endif -%}
    {%- set finished = run_query('select count(*) from intermediate.int_kept_states where unfinished_reason is null') -%}
    {{ return(finished.rows[0][0] == 0) }}
{%- endmacro %}
