-- If a channel's own timeout is among those compared, its row there equals the counts of the sessions.
with

built as (
    select
        channel,
        count(*) as session_count,
        count(is_contained) as closed_sessions,
        count(case when is_contained then 1 end) as contained_sessions
    from {{ ref('sessions') }}
    group by channel
),

timeouts_in_force as (
    select
        built.*,
        coalesce(policies.timeout_minutes, any_policy.timeout_minutes) as timeout_minutes
    from built
    left join {{ ref('channel_policies') }} as policies
        on
            built.channel = policies.channel
            and policies.channel <> '*'
    left join {{ ref('channel_policies') }} as any_policy
        on any_policy.channel = '*'
)

select
    built.channel,
    built.closed_sessions,
    compared.closed_sessions as compared_closed_sessions
from timeouts_in_force as built
left join {{ ref('timeout_sensitivity') }} as compared
    on
        built.channel = compared.channel
        and not compared.is_every_channel
        and built.timeout_minutes = compared.timeout_minutes
where
    built.timeout_minutes in ({{ compared_timeouts() | join(', ') }})
    and (
        compared.channel is null
        or built.session_count <> compared.closed_sessions + compared.open_sessions
        or built.closed_sessions <> compared.closed_sessions
        or built.contained_sessions <> compared.contained_sessions
    )
