{# Before each run, makes sure that the kept tables exist that are read before tonight's rows are written. If a kept
   table is missing, the states or segments have other columns, or --full-refresh is given, it empties the states, so
   all conversations are cut again. It then also drops the list of what had changed, which no longer fits the states. #}
{% macro prepare_kept_tables() -%}
    {{ return(adapter.dispatch('prepare_kept_tables', 'containment')()) }}
{%- endmacro %}

{% macro default__prepare_kept_tables() -%}
    {%- if execute -%}
        {%- do assert_utc("current_setting('TimeZone')", 'settings: {TimeZone: UTC}') -%}
        {%- set states = columns_of_kept_states('hugeint', 'ubigint') -%}
        {%- set segments = columns_of_kept_segments() -%}
        {%- set states_table = plain_table(source('earlier_nights', 'int_kept_states')) -%}
        {%- set segments_table = plain_table(source('earlier_nights', 'int_kept_segments')) -%}
        {%- set are_segments_there = has_columns(segments_table, segments) -%}
        {%- set started_over = flags.FULL_REFRESH and 'model.containment.int_changed_conversations' in selected_resources -%}
        create schema if not exists {{ states_table.include(identifier=false) }};
        {% if started_over or is_a_kept_table_missing() or not has_columns(states_table, states)
            or not are_segments_there -%}
            {%- set changes = adapter.get_relation(states_table.database, states_table.schema, 'int_changed_conversations') -%}
            {%- if changes -%} {%- do adapter.drop_relation(changes) -%} {%- endif -%}
            {{ make_empty(states_table, states) }};
        {% endif -%}
        {% if not are_segments_there -%}
            {{ make_empty(segments_table, segments) }};
        {% endif -%}
        {%- set identities_table = plain_table(source('earlier_nights', 'int_kept_identities')) -%}
        {% if not has_columns(identities_table, columns_of_kept_identities()) -%}
            {{ make_empty(identities_table, columns_of_kept_identities()) }};
        {% endif -%}
    {%- endif -%}
{%- endmacro %}

{# Every build cuts all conversations: no conversation has a state when the list of what has changed is made. #}
{% macro spark__prepare_kept_tables() -%}
    {%- if execute -%}
        {%- do assert_utc('current_timezone()', 'spark.sql.session.timeZone to UTC') -%}
        {%- if 'model.containment.int_changed_conversations' in selected_resources -%}
            {%- set states = plain_table(source('earlier_nights', 'int_kept_states')) -%}
            {%- do adapter.create_schema(api.Relation.create(schema=states.schema)) -%}
            {%- do make_empty_anew(states, columns_of_kept_states('decimal(38, 0)', 'decimal(20, 0)')) -%}
            {%- do make_empty_anew(plain_table(source('earlier_nights', 'int_kept_segments')), columns_of_kept_segments()) -%}
            {%- do make_empty_anew(plain_table(source('earlier_nights', 'int_kept_identities')), columns_of_kept_identities()) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# All times are UTC; another time zone of the session would shift some of them. #}
{% macro assert_utc(zone, advice) -%}
    {%- set timezone = run_query('select ' ~ zone).rows[0][0] -%}
    {%- if timezone not in ['UTC', 'Etc/UTC'] -%}
        {%- do exceptions.raise_compiler_error("the session's time zone is " ~ timezone ~ '; set ' ~ advice ~ ' in profiles.yml') -%}
    {%- endif -%}
{%- endmacro %}

{% macro make_empty_anew(table, columns) -%}
    {%- set definitions = [] -%}
    {%- for column, type in columns.items() -%} {%- do definitions.append(column ~ ' ' ~ type) -%} {%- endfor -%}
    {%- do adapter.drop_relation(table) -%}
    {%- do run_query('create table ' ~ table ~ ' (' ~ definitions | join(', ') ~ ')') -%}
    {%- do adapter.cache_added(table) -%}
{%- endmacro %}

{# The columns of a kept table that are read before tonight's rows are written. #}
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
        'session_id': 'string', 'segment_kind': 'string', 'contact_kind': 'string', 'customer_id': 'string',
        'started_us': 'bigint', 'last_activity_us': 'bigint', 'final_ended_us': 'bigint', 'next_started_us': 'bigint',
        'next_contact_us': 'bigint', 'recontact_kind': 'string'
    }) }}
{%- endmacro %}

{% macro columns_of_kept_identities() -%}
    {{ return({'source': 'string', 'customer_id': 'string', 'person_id': 'string'}) }}
{%- endmacro %}

{# Whether a kept table is missing. #}
{% macro is_a_kept_table_missing() -%}
    {%- set missing = [] -%}
    {%- for node in graph.nodes.values() if node.config.materialized == 'kept' -%}
        {%- if adapter.get_relation(node.database, node.schema, node.alias) is none -%} {%- do missing.append(node.name) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(missing | length > 0) }}
{%- endmacro %}

{# Whether a table exists with these columns. Runs outside a transaction, because dbt would roll one back after the
   hook, with everything that the hook does. #}
{% macro has_columns(table, columns) -%}
    {%- set found = run_query(
        "select column_name from information_schema.columns where table_catalog = '" ~ table.database
        ~ "' and table_schema = '" ~ table.schema ~ "' and table_name = '" ~ table.identifier ~ "'"
    ).columns[0].values() -%}
    {{ return(columns.keys() | reject('in', found) | list | length == 0) }}
{%- endmacro %}

{# The statement that creates an empty table. It also tells dbt's cache that the table exists. #}
{% macro make_empty(table, columns) -%}
    {%- do adapter.cache_added(table) -%}
    create or replace table {{ table }} (
        {% for column, type in columns.items() %} {{ column }} {{ type }}{{ ', ' if not loop.last }} {% endfor %}
    )
{%- endmacro %}

{# A source as a table. With --empty, dbt would put a query without rows in its place, which cannot be updated. #}
{% macro plain_table(relation) -%}
    {{ return(api.Relation.create(relation.database, relation.schema, relation.identifier, type='table')) }}
{%- endmacro %}
