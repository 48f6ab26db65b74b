{{ config(materialized='view') }}

with

final as (
    select
        source,
        table_name,
        nullif(conversation_id, '') as conversation_id,
        row_id,
        reason,
        row_json
    from {{ ref('int_kept_rejected_rows') }}
    union all
    select
        source,
        'ratings' as table_name,
        conversation_id,
        rating_id as row_id,
        reject_reason as reason,
        rejected_row_json as row_json
    from {{ ref('int_rating_rows') }}
    where reject_reason is not null
)

select * from final
