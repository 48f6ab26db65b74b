with

settings as (
    select reporting_timezone from {{ ref('int_settings') }}
),

hour_added as (
    select
        {{ iso_weekday('sessions.started_date') }} as iso_weekday,
        {{ local_hour('sessions.started_at', 'settings.reporting_timezone') }} as hour_of_day,
        sessions.channel,
        sessions.outcome,
        sessions.is_contained
    from {{ ref('sessions') }} as sessions
    cross join settings
),

counted as (
    select
        iso_weekday,
        hour_of_day,
        channel,
        count(is_contained) as closed_sessions,
        count(case when outcome = 'open' then 1 end) as open_sessions,
        count(case when is_contained then 1 end) as contained_sessions,
        count(case when outcome = 'escalated' then 1 end) as escalated_sessions
    from hour_added
    group by iso_weekday, hour_of_day, channel
),

final as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high
    from counted
)

select * from final
