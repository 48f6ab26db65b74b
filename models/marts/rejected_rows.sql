with

final as (
    select
        source,
        table_name,
        conversation_id,
        row_id,
        reason,
        row_json
    from {{ ref('int_rejected_rows') }}
)

select * from final
