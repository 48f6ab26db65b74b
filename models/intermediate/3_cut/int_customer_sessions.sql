{{ config(materialized='view') }}

with

cut_tonight as (
    select
        segment_id as session_id,
        conversation_number,
        segment_number,
        source,
        conversation_id,
        customer_id,
        started_us,
        final_ended_us
    from {{ ref('int_segment_ends') }}
    where segment_kind = 'session'
),

cut_earlier as (
    select
        segment_id as session_id,
        cast(null as integer) as conversation_number,
        segment_number,
        source,
        conversation_id,
        customer_id,
        started_us,
        final_ended_us
    from {{ source('earlier_nights', 'int_kept_segments') }}
    where segment_kind = 'session'
),

cut_any_night as (
    select * from cut_tonight
    union all
    select * from cut_earlier
),

-- Rule 8's customer: the conversation stands in for one that is not known.
final as (
    select
        session_id,
        conversation_number,
        segment_number,
        source,
        conversation_id,
        case
            when customer_id is not null then concat('customer ', customer_id)
            else concat('conversation ', conversation_id)
        end as customer_key,
        started_us,
        final_ended_us
    from cut_any_night
)

select * from final
