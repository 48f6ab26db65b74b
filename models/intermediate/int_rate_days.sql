with

contacts as (
    select
        started_date,
        source,
        brand,
        channel,
        coalesce(bot_id, 'none') as bot_id,
        coalesce(topic, 'none') as topic,
        is_bot_involved,
        outcome,
        is_contained,
        segment_kind = 'session' as is_session
    from {{ ref('int_segments_at_as_of') }}
    -- Rule 8: demand holds the contacts that no bot saw as well.
    where segment_kind = 'session' or (segment_kind = 'human' and customer_message_count > 0)
),

counted as (
    select
        started_date,
        'all' as everything,
        source,
        brand,
        channel,
        bot_id,
        topic,
        count(*) as contacts,
        count(case when is_session and is_bot_involved then 1 end) as bot_involved_contacts,
        count(case when is_session and outcome = 'open' then 1 end) as open_sessions,
        count(case when is_session then is_contained end) as closed_sessions,
        count(case when is_session and is_contained then 1 end) as contained_sessions,
        count(case when is_session and outcome = 'resolved' then 1 end) as resolved_sessions
    from contacts
    group by started_date, source, brand, channel, bot_id, topic
),

along_each_dimension as (
    {% for dimension, value in {
        'all': 'everything', 'source': 'source', 'brand': 'brand', 'channel': 'channel', 'bot': 'bot_id', 'topic': 'topic'
    }.items() %}
        select
            started_date,
            '{{ dimension }}' as dimension,
            {{ value }} as dimension_value,
            sum(contacts) as contacts,
            sum(bot_involved_contacts) as bot_involved_contacts,
            sum(open_sessions) as open_sessions,
            sum(closed_sessions) as closed_sessions,
            sum(contained_sessions) as contained_sessions,
            sum(resolved_sessions) as resolved_sessions
        from counted
        group by started_date, {{ value }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

rates as (
    select
        started_date,
        dimension,
        dimension_value,
        'containment_rate' as rate_name,
        contained_sessions as counted,
        closed_sessions as base_count,
        open_sessions as open_count
    from along_each_dimension
    union all
    select
        started_date,
        dimension,
        dimension_value,
        'resolution_rate' as rate_name,
        resolved_sessions as counted,
        closed_sessions as base_count,
        open_sessions as open_count
    from along_each_dimension
    union all
    -- An open contact counts already. Which bot or topic a contact without a bot would have had, nobody knows.
    select
        started_date,
        dimension,
        dimension_value,
        'coverage_rate' as rate_name,
        bot_involved_contacts as counted,
        contacts as base_count,
        0 as open_count
    from along_each_dimension
    where dimension not in ('bot', 'topic')
    union all
    -- Attributes are counted of closed sessions alone, so every open session of the day may become one of the value.
    select
        attributes.started_date,
        attributes.attribute as dimension,
        attributes.shown_value as dimension_value,
        'containment_rate' as rate_name,
        attributes.contained_sessions as counted,
        attributes.closed_sessions as base_count,
        along_each_dimension.open_sessions as open_count
    from {{ ref('int_attribute_days') }} as attributes
    inner join along_each_dimension
        on
            attributes.started_date = along_each_dimension.started_date
            and along_each_dimension.dimension = 'all'
),

final as (
    select
        started_date,
        dimension,
        dimension_value,
        rate_name,
        cast(counted as bigint) as counted,
        cast(base_count as bigint) as base_count,
        cast(open_count as bigint) as open_count
    from rates
)

select * from final
