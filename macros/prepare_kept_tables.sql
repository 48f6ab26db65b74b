{# Before each run: the kept tables that are read before tonight's rows are written are there. Where a kept table is
   missing, the states or segments have other columns, or --full-refresh is given, no conversation has a state: all are cut
   again, and the list of what had changed, which no longer fits the states, goes with them. #}
{% macro prepare_kept_tables() -%}
    {{ return(adapter.dispatch('prepare_kept_tables')()) }}
{%- endmacro %}

{% macro default__prepare_kept_tables() -%}
    {%- if execute -%}
        {%- set states = columns_of_kept_states('hugeint', 'ubigint') -%}
        {%- set segments = columns_of_kept_segments() -%}
        {%- set are_segments_there = has_columns('int_kept_segments', segments) -%}
        {%- set started_over = flags.FULL_REFRESH and 'model.containment.int_changed_conversations' in selected_resources -%}
        create schema if not exists intermediate;
        {% if started_over or is_a_kept_table_missing() or not has_columns('int_kept_states', states)
            or not are_segments_there -%}
            {%- set changes = adapter.get_relation(target.database, 'intermediate', 'int_changed_conversations') -%}
            {%- if changes -%} {%- do adapter.drop_relation(changes) -%} {%- endif -%}
            {{ make_empty('int_kept_states', states) }};
        {% endif -%}
        {% if not are_segments_there -%}
            {{ make_empty('int_kept_segments', segments) }};
        {% endif -%}
    {%- endif -%}
{%- endmacro %}

{# Every build cuts all conversations: when the list of what has changed is made, no conversation has a state. #}
{% macro spark__prepare_kept_tables() -%}
    {%- if execute -%}
        {%- set timezone = run_query('select current_timezone()').rows[0][0] -%}
        {%- if timezone not in ['UTC', 'Etc/UTC'] -%}
            {%- do exceptions.raise_compiler_error(
                "the session's time zone is " ~ timezone ~ '; set spark.sql.session.timeZone to UTC in profiles.yml'
            ) -%}
        {%- endif -%}
        {%- if 'model.containment.int_changed_conversations' in selected_resources -%}
            {%- do adapter.create_schema(api.Relation.create(schema='intermediate')) -%}
            {%- do make_empty_anew('int_kept_states', columns_of_kept_states('decimal(38, 0)', 'decimal(20, 0)')) -%}
            {%- do make_empty_anew('int_kept_segments', columns_of_kept_segments()) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro make_empty_anew(name, columns) -%}
    {%- set relation = api.Relation.create(schema='intermediate', identifier=name, type='table') -%}
    {%- set definitions = [] -%}
    {%- for column, type in columns.items() -%} {%- do definitions.append(column ~ ' ' ~ type) -%} {%- endfor -%}
    {%- do adapter.drop_relation(relation) -%}
    {%- do run_query('create table ' ~ relation ~ ' (' ~ definitions | join(', ') ~ ')') -%}
    {%- do adapter.cache_added(relation) -%}
{%- endmacro %}

{# The columns that are read of a kept table before tonight's rows are in it. #}
{% macro columns_of_kept_states(sum_type, hash_type) -%}
    {{ return({
        'source': 'string', 'conversation_id': 'string', 'conversation_rows': 'bigint', 'message_rows': 'bigint',
        'event_rows': 'bigint', 'rows_fingerprint': sum_type, 'rules_fingerprint': hash_type,
        'newest_known_us': 'bigint', 'newest_accepted_us': 'bigint', 'oldest_rejected_us': 'bigint',
        'unfinished_reason': 'string'
    }) }}
{%- endmacro %}

{% macro columns_of_kept_segments() -%}
    {{ return({
        'segment_id': 'string', 'source': 'string', 'conversation_id': 'string', 'segment_number': 'int',
        'segment_kind': 'string', 'customer_id': 'string', 'started_us': 'bigint', 'final_ended_us': 'bigint',
        'next_started_us': 'bigint'
    }) }}
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
