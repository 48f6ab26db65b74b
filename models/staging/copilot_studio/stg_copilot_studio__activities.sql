with

-- The name is conversation_bot or conversation_bot_batch: all batches are one conversation.
transcripts as (
    select
        conversationtranscriptid as transcript_id,
        coalesce(nullif(split_part(name, '_', 1), ''), conversationtranscriptid) as conversation_id,
        bot_name,
        {{ utc_timestamp('conversationstarttime') }} as started_at,
        coalesce({{ utc_timestamp('modifiedon') }}, {{ utc_timestamp('createdon') }}) as loaded_at,
        from_json(
            activities,
            '{"activities": [{
            "id": "VARCHAR", "type": "VARCHAR", "valueType": "VARCHAR", "name": "VARCHAR", "timestamp": "VARCHAR",
            "channelId": "VARCHAR", "replyToId": "VARCHAR", "from": {"id": "VARCHAR", "role": "VARCHAR"},
            "value": {"isDesignMode": "BOOLEAN", "outcome": "VARCHAR", "endTimeUtc": "VARCHAR",
            "impliedSuccess": "BOOLEAN", "score": "DOUBLE"}}]}'
        ).activities as activities
    from {{ source('copilot_studio', 'copilot_studio_conversationtranscripts') }}
),

-- A transcript whose content cannot be read still tells that there was a conversation.
activities as (
    select
        transcripts.transcript_id,
        transcripts.conversation_id,
        transcripts.bot_name,
        transcripts.started_at,
        transcripts.loaded_at,
        unnest(case when len(transcripts.activities) > 0 then transcripts.activities else [null] end) as activity,
        unnest(
            case when len(transcripts.activities) > 0 then generate_series(1, len(transcripts.activities)) else [0] end
        ) as activity_number
    from transcripts
),

final as (
    select
        transcript_id,
        conversation_id,
        activity_number,
        -- Traces have no id, or always the same.
        case
            when activity['type'] in ('message', 'event') and activity['id'] <> '' then activity['id']
            else concat(transcript_id, '-', lpad(cast(activity_number as varchar), 6, '0'))
        end as activity_id,
        activity['type'] as activity_type,
        activity['valueType'] as value_type,
        activity['name'] as activity_name,
        -- Seconds since 1970; anything else is left for staging to judge.
        case
            when try_cast(activity['timestamp'] as double) is null then activity['timestamp']
            else
                cast(
                    make_timestamp(cast(round(try_cast(activity['timestamp'] as double) * 1000000) as bigint))
                    as varchar
                )
        end as happened_at,
        activity['channelId'] as channel_id,
        activity['replyToId'] as reply_to_id,
        nullif(activity['from']['id'], '') as author_id,
        activity['from']['role'] as author_role,
        activity['value']['isDesignMode'] as is_design_mode,
        activity['value']['outcome'] as session_outcome,
        activity['value']['endTimeUtc'] as session_ended_at,
        activity['value']['impliedSuccess'] as is_implied_success,
        activity['value']['score'] as score,
        bot_name,
        started_at,
        loaded_at
    from activities
)

select * from final
