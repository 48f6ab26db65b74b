{# An incremental table, kept from night to night: in one transaction it replaces the rows of what has changed and
   leaves all others alone. If nothing is kept, the whole table is replaced. If this run did not look for changes (the
   model was selected alone), no row is replaced. Config: `changed`, the model that lists what has changed, and `key`,
   its key columns in both tables. #}
{% materialization kept, adapter='duckdb' %}
    {%- set changed = config.get('changed', 'int_changed_conversations') -%}
    {%- set key = config.get('key', ['source', 'conversation_id']) -%}
    {%- if is_nothing_kept() or load_cached_relation(this) is none -%}
        {{ return(replace_relation('table')) }}
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
    {{ return(finish_relation(relation)) }}
{% endmaterialization %}

{# Spark's file tables support neither updates nor transactions, so nothing is kept there and every run rebuilds the
   table. #}
{% materialization kept, adapter='spark' %}
    {{ return(context['materialization_table_spark']()) }}
{% endmaterialization %}

{# Whether every conversation is being cut. The list of what has changed is dropped when the states are emptied, and
   must be rebuilt before a kept table. With the old list, the table would hold only an earlier night's changes. #}
{% macro is_nothing_kept() -%}
    {%- if adapter.get_relation(this.database, this.schema, 'int_changed_conversations') is none -%}
        {%- do exceptions.raise_compiler_error('run int_changed_conversations first: all conversations are to be cut again') -%}
    {%- endif -%}
    {%- set finished = run_query(
        'select count(*) from ' ~ this.incorporate(path={'identifier': 'int_kept_states'}) ~ ' where unfinished_reason is null'
    ) -%}
    {{ return(finished.rows[0][0] == 0) }}
{%- endmacro %}
