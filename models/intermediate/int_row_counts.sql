-- Rows read, used, duplicate and rejected are each counted on their own, so that their sum proves something.
with

-- Every enabled source has its three tables, also those without a row.
source_tables as (
    {% for source in var('sources') %}
        {% for table in ['conversations', 'messages', 'events'] %}
            select
                '{{ source }}' as source,
                '{{ table }}' as table_name
            {{ 'union all' if not loop.last }}
        {% endfor %}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

rows_read as (
    select
        source,
        'conversations' as table_name,
        count(*) as rows_read
    from {{ ref('stg_conversations') }}
    group by source
    union all
    select
        source,
        'messages' as table_name,
        count(*) as rows_read
    from {{ ref('stg_messages') }}
    group by source
    union all
    select
        source,
        'events' as table_name,
        count(*) as rows_read
    from {{ ref('stg_events') }}
    group by source
),

rows_used as (
    select
        source,
        'conversations' as table_name,
        count(*) as rows_used
    from {{ ref('int_conversation_rows') }}
    group by source
    union all
    select
        source,
        'messages' as table_name,
        count(*) as rows_used
    from {{ ref('int_messages') }}
    group by source
    union all
    select
        source,
        'events' as table_name,
        count(*) as rows_used
    from {{ ref('int_events') }}
    group by source
),

rows_duplicate as (
    select
        source,
        'conversations' as table_name,
        cast(sum(row_count - 1) as bigint) as rows_duplicate
    from {{ ref('int_repeated_conversations') }}
    group by source
    union all
    select
        source,
        'messages' as table_name,
        cast(sum(row_count - 1) as bigint) as rows_duplicate
    from {{ ref('int_repeated_messages') }}
    group by source
    union all
    select
        source,
        'events' as table_name,
        cast(sum(row_count - 1) as bigint) as rows_duplicate
    from {{ ref('int_repeated_events') }}
    group by source
),

rows_rejected as (
    select
        source,
        table_name,
        count(*) as rows_rejected
    from {{ ref('int_rejected_rows') }}
    group by source, table_name
),

final as (
    select
        source_tables.source,
        source_tables.table_name,
        coalesce(rows_read.rows_read, 0) as rows_read,
        coalesce(rows_used.rows_used, 0) as rows_used,
        coalesce(rows_duplicate.rows_duplicate, 0) as rows_duplicate,
        coalesce(rows_rejected.rows_rejected, 0) as rows_rejected
    from source_tables
    left join rows_read
        on
            source_tables.source = rows_read.source
            and source_tables.table_name = rows_read.table_name
    left join rows_used
        on
            source_tables.source = rows_used.source
            and source_tables.table_name = rows_used.table_name
    left join rows_duplicate
        on
            source_tables.source = rows_duplicate.source
            and source_tables.table_name = rows_duplicate.table_name
    left join rows_rejected
        on
            source_tables.source = rows_rejected.source
            and source_tables.table_name = rows_rejected.table_name
)

select * from final
