{{ config(post_hook="{{ begin_work() }}") }}

with

fingerprints as (
    select * from {{ ref('int_fingerprints') }}
),

states as (
    select * from {{ source('earlier_nights', 'int_kept_states') }}
),

-- If a night began a conversation and did not finish it, the conversation is cut again whatever its rows are now: some
-- kept tables may already hold that night's cut.
reason_added as (
    select
        coalesce(fingerprints.source, states.source) as source,
        coalesce(fingerprints.conversation_id, states.conversation_id) as conversation_id,
        fingerprints.rules_fingerprint,
        case
            when fingerprints.source is null then 'vanished'
            when states.source is null then 'new'
            when states.unfinished_reason = 'vanished' then 'rows'
            when states.unfinished_reason is not null then states.unfinished_reason
            when
                fingerprints.row_count <> states.conversation_rows + states.message_rows + states.event_rows
                or fingerprints.rows_fingerprint <> states.rows_fingerprint
                then 'rows'
            -- The rows are the same, but not_after has moved past one of them, so other rows are usable.
            when
                states.newest_accepted_us > {{ last_usable_us() }}
                or states.oldest_rejected_us <= {{ last_usable_us() }}
                then 'rows'
            when fingerprints.rules_fingerprint <> states.rules_fingerprint then 'rules'
        end as change_reason
    from fingerprints
    full outer join states
        on
            fingerprints.source = states.source
            and fingerprints.conversation_id = states.conversation_id
),

-- The number is a narrow key for the windows and joins of one build. No kept or published table has it.
final as (
    select
        source,
        conversation_id,
        change_reason,
        rules_fingerprint,
        cast(row_number() over (order by source, conversation_id) as integer) as conversation_number
    from reason_added
    where change_reason is not null
)

select * from final
