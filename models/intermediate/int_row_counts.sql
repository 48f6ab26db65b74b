with

counts as (
    -- Every enabled source has its three rows, a source without rows too.
    {%- for source in var('sources') %}
        {%- for table in ['conversations', 'messages', 'events'] %}
    select '{{ source }}' as source, '{{ table }}' as table_name, 0 as rows_read, 0 as rows_used, 0 as rows_duplicate, 0 as rows_rejected
    union all
        {%- endfor %}
    {%- endfor %}
    select source, 'conversations' as table_name, count(*) as rows_read, 0 as rows_used, 0 as rows_duplicate, 0 as rows_rejected
    from {{ ref('stg_conversations') }}
    group by source
    union all
    select source, 'conversations' as table_name, 0 as rows_read, count(*) as rows_used, 0 as rows_duplicate, 0 as rows_rejected
    from {{ ref('int_conversation_rows') }}
    group by source
    union all
    select source, 'conversations' as table_name, 0 as rows_read, 0 as rows_used, sum(row_count - 1) as rows_duplicate, 0 as rows_rejected
    from {{ ref('int_repeated_conversations') }}
    group by source
    union all
    select source, 'messages' as table_name, count(*) as rows_read, 0 as rows_used, 0 as rows_duplicate, 0 as rows_rejected
    from {{ ref('stg_messages') }}
    group by source
    union all
    select source, 'messages' as table_name, 0 as rows_read, count(*) as rows_used, 0 as rows_duplicate, 0 as rows_rejected
    from {{ ref('int_messages') }}
    group by source
    union all
    select source, 'messages' as table_name, 0 as rows_read, 0 as rows_used, sum(row_count - 1) as rows_duplicate, 0 as rows_rejected
    from {{ ref('int_repeated_messages') }}
    group by source
    union all
    select source, 'events' as table_name, count(*) as rows_read, 0 as rows_used, 0 as rows_duplicate, 0 as rows_rejected
    from {{ ref('stg_events') }}
    group by source
    union all
    select source, 'events' as table_name, 0 as rows_read, count(*) as rows_used, 0 as rows_duplicate, 0 as rows_rejected
    from {{ ref('int_events') }}
    group by source
    union all
    select source, 'events' as table_name, 0 as rows_read, 0 as rows_used, sum(row_count - 1) as rows_duplicate, 0 as rows_rejected
    from {{ ref('int_repeated_events') }}
    group by source
    union all
    select source, table_name, 0 as rows_read, 0 as rows_used, 0 as rows_duplicate, count(*) as rows_rejected
    from {{ ref('int_rejected_rows') }}
    group by source, table_name
),

final as (
    select * from counts
)

select * from final
