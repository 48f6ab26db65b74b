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
)

select * from final
