{{ config(materialized='replaced_view') }}

with

final as (
    select
        message_id,
        source,
        conversation_id,
        segment_id,
        session_id,
        segment_kind,
        author_type,
        author_id,
        sent_at,
        position_in_segment
    from {{ ref('int_kept_messages') }}
)

select * from final
