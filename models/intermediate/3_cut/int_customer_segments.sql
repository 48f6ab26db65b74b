{{ config(materialized='replaced_view') }}

with

cut_tonight as (
    select
        segment_id,
        conversation_number,
        segment_number,
        session_id,
        segment_kind,
        contact_kind,
        source,
        conversation_id,
        customer_id,
        started_us,
        last_activity_us,
        final_ended_us
    from {{ ref('int_segment_ends') }}
),

cut_earlier as (
    select
        segment_id,
        cast(null as integer) as conversation_number,
        segment_number,
        session_id,
        segment_kind,
        contact_kind,
        source,
        conversation_id,
        customer_id,
        started_us,
        last_activity_us,
        final_ended_us
    from {{ source('earlier_nights', 'int_kept_segments') }}
),

cut_any_night as (
    select * from cut_tonight
    union all
    select * from cut_earlier
),

customer_added as (
    select
        segments.*,
        {{ customer_key(
            'segments.source', 'segments.customer_id', 'identities.person_id', 'segments.conversation_id'
        ) }} as customer_key
    from cut_any_night as segments
    left join {{ ref('int_identities') }} as identities
        on
            segments.source = identities.source
            and segments.customer_id = identities.customer_id
            and identities.is_used
    where segments.segment_kind = 'session' or segments.contact_kind is not null
),

final as (
    select
        segment_id,
        conversation_number,
        segment_number,
        session_id,
        segment_kind,
        contact_kind,
        source,
        conversation_id,
        customer_key,
        started_us,
        last_activity_us,
        final_ended_us
    from customer_added
)

select * from final
