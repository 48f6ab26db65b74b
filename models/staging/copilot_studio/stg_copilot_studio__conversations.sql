with

-- All batches and exports of a conversation make one row; each holds only its own part.
conversations as (
    select
        conversation_id,
        min(case when activity_type = 'message' then channel_id end) as channel_id,
        -- Both roles of a transcript can have the same id; then it is not the customer's.
        min(case when activity_type = 'message' and author_role = '1' then author_id end) as user_id,
        min(case when activity_type = 'message' and author_role = '0' then author_id end) as bot_side_id,
        min(started_at) as created_at,
        -- The test pane of the studio, and evaluations.
        bool_or(
            coalesce(is_design_mode, false) or lower(coalesce(test_mode, '')) not in ('', 'false')
        ) as is_test,
        max(loaded_at) as loaded_at
    from {{ ref('stg_copilot_studio__activities') }}
    group by conversation_id
),

final as (
    select
        conversations.conversation_id,
        coalesce(channels.channel, conversations.channel_id) as channel,
        cast(null as varchar) as brand,
        nullif(conversations.user_id, conversations.bot_side_id) as customer_id,
        conversations.created_at,
        case
            when conversations.is_test then 'test'
            else nullif(channels.exclusion_reason, '')
        end as exclusion_reason,
        conversations.loaded_at,
        cast(null as varchar) as attributes
    from conversations
    left join {{ ref('copilot_studio_channels') }} as channels
        on lower(conversations.channel_id) = channels.channel_id
)

select * from final
