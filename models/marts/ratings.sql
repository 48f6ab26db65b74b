{{ config(materialized='replaced_view') }}

with

final as (
    select
        rating_id,
        source,
        conversation_id,
        rated_at,
        score,
        max_score,
        csat_score,
        segment_id,
        session_id,
        segment_kind,
        is_counted
    from {{ ref('int_ratings') }}
)

select * from final
