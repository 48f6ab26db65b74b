{{ config(materialized='replaced_view') }}

with

sessions as (
    select
        session_id,
        source,
        bot_id,
        started_us
    from {{ ref('int_kept_sessions') }}
),

said_by_messages as (
    select
        session_id,
        value as bot_version
    from {{ ref('int_kept_attributes') }}
    where attribute = 'bot_version'
),

listed_releases as (
    select
        source,
        bot_id,
        release,
        {{ epoch_us(utc_timestamp('released_at')) }} as released_us
    from {{ ref('bot_releases') }}
),

releases as (
    select
        *,
        lead(released_us) over (partition by source, bot_id order by released_us, release) as replaced_us
    from listed_releases
),

-- What the messages say counts before what the lookup says of the time.
final as (
    select
        sessions.session_id,
        sessions.source,
        sessions.bot_id,
        sessions.started_us,
        coalesce(said_by_messages.bot_version, releases.release) as bot_release
    from sessions
    left join said_by_messages
        on sessions.session_id = said_by_messages.session_id
    left join releases
        on
            sessions.source = releases.source
            and sessions.bot_id = releases.bot_id
            and sessions.started_us >= releases.released_us
            and (sessions.started_us < releases.replaced_us or releases.replaced_us is null)
    where said_by_messages.bot_version is not null or releases.release is not null
)

select * from final
