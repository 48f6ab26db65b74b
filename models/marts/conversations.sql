{{ config(materialized='replaced_view') }}

with

settings as (
    select {{ epoch_us('as_of') }} as as_of_us from {{ ref('int_settings') }}
),

-- The kept count of contained sessions includes one that still waits for a silence, because it times out unless it is
-- cut again.
open_session_added as (
    select
        conversations.*,
        case when conversations.open_until_us >= settings.as_of_us then 1 else 0 end as open_session_count
    from {{ ref('int_kept_conversations') }} as conversations
    cross join settings
),

closed_sessions_added as (
    select
        *,
        session_count - open_session_count as closed_session_count,
        contained_session_count - open_session_count as closed_contained_session_count
    from open_session_added
),

final as (
    select
        source,
        conversation_id,
        brand,
        channel,
        customer_id,
        created_at,
        exclusion_reason,
        bot_message_count > 0 as has_bot,
        message_count,
        segment_count,
        session_count,
        closed_session_count,
        closed_contained_session_count as contained_session_count,
        {{ ratio('closed_contained_session_count', 'closed_session_count') }} as containment_rate,
        {{ from_epoch_us('first_activity_us') }} as first_activity_at,
        {{ from_epoch_us('last_activity_us') }} as last_activity_at
    from closed_sessions_added
)

select * from final
