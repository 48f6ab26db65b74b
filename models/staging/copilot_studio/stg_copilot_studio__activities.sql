with

transcripts as (
    select
        conversationtranscriptid as transcript_id,
        name,
        bot_name,
        {{ utc_timestamp('conversationstarttime') }} as started_at,
        coalesce({{ utc_timestamp('modifiedon') }}, {{ utc_timestamp('createdon') }}) as loaded_at,
        from_json(
            activities,
            '{"activities": [{
            "id": "VARCHAR", "type": "VARCHAR", "valueType": "VARCHAR", "name": "VARCHAR", "timestamp": "VARCHAR",
            "channelId": "VARCHAR", "replyToId": "VARCHAR", "from": {"id": "VARCHAR", "role": "VARCHAR"},
            "channelData": {"testMode": "VARCHAR"},
            "value": {"isDesignMode": "BOOLEAN", "testMode": "VARCHAR", "outcome": "VARCHAR",
            "outcomeReason": "VARCHAR", "endTimeUtc": "VARCHAR",
            "impliedSuccess": "BOOLEAN", "score": "DOUBLE"}}]}'
        ).activities as activities
    from {{ source('copilot_studio', 'copilot_studio_conversationtranscripts') }}
),

-- The name is conversation_bot or conversation_bot_batch. The conversation may contain a _ itself, so the name is read
-- from its end. A bot is a GUID, or at least not a number; a batch is a number.
conversations as (
    select
        *,
        case
            when regexp_matches(name, '._[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}(_[0-9]{1,9})?$')
                then regexp_replace(name, '_[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}(_[0-9]{1,9})?$', '')
            when regexp_matches(name, '._[^_]+_[0-9]+$') then regexp_replace(name, '_[^_]+_[0-9]+$', '')
            when regexp_matches(name, '._[^_]+$') then regexp_replace(name, '_[^_]+$', '')
            when name not like '\_%' escape '\' then nullif(name, '')
        end as name_of_conversation
    from transcripts
),

-- A transcript without an activity still shows that there was a conversation.
activities as (
    select
        transcript_id,
        coalesce(name_of_conversation, transcript_id) as conversation_id,
        bot_name,
        started_at,
        loaded_at,
        activities is not null as is_readable,
        unnest(case when len(activities) > 0 then activities else [null] end) as activity,
        unnest(
            case when len(activities) > 0 then generate_series(1, len(activities)) else [0] end
        ) as activity_number
    from conversations
),

typed_activities as (
    select
        *,
        lower(trim(activity['type'])) as activity_type
    from activities
),

final as (
    select
        transcript_id,
        conversation_id,
        activity_number,
        -- Traces have no id, or always the same one.
        case
            when activity_type in ('message', 'event', 'handoff') and activity['id'] <> '' then activity['id']
            else concat(transcript_id, '-', lpad(cast(activity_number as varchar), 6, '0'))
        end as activity_id,
        activity_type,
        -- The export cut it off, it is not JSON, or the entry is not an activity: nobody knows what was in it.
        not is_readable or (activity_number > 0 and activity_type is null) as is_unreadable,
        activity['valueType'] as value_type,
        activity['name'] as activity_name,
        {{ copilot_studio_time("activity['timestamp']") }} as happened_at,
        activity['channelId'] as channel_id,
        activity['replyToId'] as reply_to_id,
        nullif(activity['from']['id'], '') as author_id,
        activity['from']['role'] as author_role,
        activity['value']['isDesignMode'] as is_design_mode,
        -- The test pane writes 'Text' here, an evaluation writes true.
        coalesce(activity['channelData']['testMode'], activity['value']['testMode']) as test_mode,
        activity['value']['outcome'] as session_outcome,
        activity['value']['outcomeReason'] as outcome_reason,
        {{ copilot_studio_time("activity['value']['endTimeUtc']") }} as session_ended_at,
        activity['value']['impliedSuccess'] as is_implied_success,
        activity['value']['score'] as score,
        bot_name,
        started_at,
        loaded_at
    from typed_activities
)

select * from final
