with

-- Every enabled source has its three tables, even without rows.
source_tables as (
    {% for table_name in ['conversations', 'messages', 'events'] %}
        {{ 'union all' if not loop.first }}
        select
            source,
            '{{ table_name }}' as table_name
        from {{ ref('int_rules') }}
    {% endfor %}
),

read_by_source as (
    select
        source,
        sum(conversation_rows) as conversation_rows,
        sum(message_rows) as message_rows,
        sum(event_rows) as event_rows
    from {{ ref('int_kept_states') }}
    group by source
),

used_by_source as (
    select
        source,
        sum(conversation_rows_used) as conversation_rows_used,
        sum(message_rows_used) as message_rows_used,
        sum(event_rows_used) as event_rows_used,
        sum(conversation_rows_duplicate) as conversation_rows_duplicate,
        sum(message_rows_duplicate) as message_rows_duplicate,
        sum(event_rows_duplicate) as event_rows_duplicate
    from {{ ref('int_kept_conversations') }}
    group by source
),

rejected_by_table as (
    select
        source,
        table_name,
        count(*) as rows_rejected
    from {{ ref('int_kept_rejected_rows') }}
    group by source, table_name
),

counts_added as (
    select
        source_tables.source,
        source_tables.table_name,
        case source_tables.table_name
            when 'conversations' then read_by_source.conversation_rows
            when 'messages' then read_by_source.message_rows
            when 'events' then read_by_source.event_rows
        end as rows_read,
        case source_tables.table_name
            when 'conversations' then used_by_source.conversation_rows_used
            when 'messages' then used_by_source.message_rows_used
            when 'events' then used_by_source.event_rows_used
        end as rows_used,
        case source_tables.table_name
            when 'conversations' then used_by_source.conversation_rows_duplicate
            when 'messages' then used_by_source.message_rows_duplicate
            when 'events' then used_by_source.event_rows_duplicate
        end as rows_duplicate,
        rejected_by_table.rows_rejected
    from source_tables
    left join read_by_source
        on source_tables.source = read_by_source.source
    left join used_by_source
        on source_tables.source = used_by_source.source
    left join rejected_by_table
        on
            source_tables.source = rejected_by_table.source
            and source_tables.table_name = rejected_by_table.table_name
),

-- Ratings and claims are not part of the cut, and not every source has them. An unreadable line counts as a row that
-- was read and rejected, in the table of its file. That table may be a system's own.
all_tables as (
    select
        source,
        table_name,
        rows_read,
        rows_used,
        rows_duplicate,
        rows_rejected
    from counts_added
    union all
    select
        source,
        'ratings' as table_name,
        rows_read,
        rows_used,
        rows_duplicate,
        rows_rejected
    from {{ ref('int_rating_counts') }}
    union all
    select
        source,
        'claims' as table_name,
        rows_read,
        rows_used,
        rows_duplicate,
        rows_rejected
    from {{ ref('int_claim_counts') }}
    union all
    -- Of several rows for one customer, one is used.
    select
        'identities' as source,
        'identities' as table_name,
        count(*) as rows_read,
        count(case when is_used then 1 end) as rows_used,
        count(case when reject_reason is null and not is_used then 1 end) as rows_duplicate,
        count(reject_reason) as rows_rejected
    from {{ ref('int_identities') }}
    having count(*) > 0
    union all
    select
        source,
        table_name,
        count(*) as rows_read,
        0 as rows_used,
        0 as rows_duplicate,
        count(*) as rows_rejected
    from {{ source('night', 'night_unreadable_lines') }}
    group by source, table_name
),

final as (
    select
        source,
        table_name,
        cast(coalesce(sum(rows_read), 0) as bigint) as rows_read,
        cast(coalesce(sum(rows_used), 0) as bigint) as rows_used,
        cast(coalesce(sum(rows_duplicate), 0) as bigint) as rows_duplicate,
        cast(coalesce(sum(rows_rejected), 0) as bigint) as rows_rejected
    from all_tables
    group by source, table_name
)

select * from final
