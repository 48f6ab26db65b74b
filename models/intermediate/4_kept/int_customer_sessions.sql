{{ config(materialized='view') }}

with

-- Rule 8's customer: the conversation stands in for one that is not known.
final as (
    select
        session_id,
        source,
        conversation_id,
        case
            when customer_id is not null then concat('customer ', customer_id)
            else concat('conversation ', conversation_id)
        end as customer_key,
        started_us,
        final_ended_us
    from {{ ref('int_kept_segments') }}
    where segment_kind = 'session'
)

select * from final
