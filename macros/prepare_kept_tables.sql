{# Before each run: the kept tables that are read before tonight's rows are written are there. Where a kept table is
   missing, the states have other columns, or --full-refresh is given, no conversation has a state: all are cut again, and
   the list of what had changed, which no longer fits the states, goes with them. #}
{% macro prepare_kept_tables() -%}
    {%- if execute -%}
        {%- set text = dbt.type_string() -%}
        {%- set states = {
            'source': text, 'conversation_id': text, 'conversation_rows': 'bigint', 'message_rows': 'bigint',
            'event_rows': 'bigint', 'rows_fingerprint': 'hugeint', 'rules_fingerprint': 'ubigint',
            'newest_known_us': 'bigint', 'unfinished_reason': text
        } -%}
        {%- set sessions = {'source': text, 'conversation_id': text, 'customer_key': text} -%}
        {%- set started_over = flags.FULL_REFRESH and 'model.containment.int_changed_conversations' in selected_resources -%}
        create schema if not exists intermediate;
        {% if started_over or is_a_kept_table_missing() or not has_columns('int_kept_states', states) -%}
            {%- set changes = adapter.get_relation(target.database, 'intermediate', 'int_changed_conversations') -%}
            {%- if changes -%} {%- do adapter.drop_relation(changes) -%} {%- endif -%}
            {{ make_empty('int_kept_states', states) }};
        {% endif -%}
        {% if not has_columns('int_kept_sessions', sessions) -%}
            {{ make_empty('int_kept_sessions', sessions) }};
        {% endif -%}
    {%- endif -%}
{%- endmacro %}

{# Whether one of the tables that are kept from night to night is not there. #}
{% macro is_a_kept_table_missing() -%}
    {%- set missing = [] -%}
    {%- for node in graph.nodes.values() if node.config.materialized == 'kept' -%}
        {%- if adapter.get_relation(node.database, node.schema, node.alias) is none -%} {%- do missing.append(node.name) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(missing | length > 0) }}
{%- endmacro %}

{# Whether a table of the intermediate schema is there and has these columns. Asked without a transaction: dbt would roll
   it back after the hook, with all that the hook does. #}
{% macro has_columns(name, columns) -%}
    {%- set found = run_query(
        "select column_name from information_schema.columns where table_catalog = current_database() "
        ~ "and table_schema = 'intermediate' and table_name = '" ~ name ~ "'"
    ).columns[0].values() -%}
    {{ return(columns.keys() | reject('in', found) | list | length == 0) }}
{%- endmacro %}

{# The statement that makes a table of the intermediate schema without a row; dbt is told that it is there. #}
{% macro make_empty(name, columns) -%}
    {%- set relation = api.Relation.create(target.database, 'intermediate', name, type='table') -%}
    {%- do adapter.cache_added(relation) -%}
    create or replace table {{ relation }} (
        {% for column, type in columns.items() %} {{ column }} {{ type }}{{ ', ' if not loop.last }} {% endfor %}
    )
{%- endmacro %}
