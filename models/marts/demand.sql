-- Rule 8: all contacts of customers, those that no bot saw included.
with

-- Days, sources, brands and channels without a session are here too.
contacts_with_people as (
    select
        started_date,
        source,
        brand,
        channel,
        count(*) as contacts,
        count(case when outcome <> 'open' then 1 end) as closed_contacts
    from {{ ref('segments') }}
    -- Without a customer message nobody asked for anything.
    where segment_kind = 'human' and customer_message_count > 0
    group by started_date, source, brand, channel
),

all_contacts as (
    select
        started_date,
        source,
        brand,
        channel,
        closed_sessions + open_sessions as contacts,
        bot_involved_sessions + open_bot_involved_sessions as bot_involved_sessions,
        automated_sessions,
        closed_sessions as closed_contacts
    from {{ ref('containment_daily') }}
    union all
    select
        started_date,
        source,
        brand,
        channel,
        contacts,
        0 as bot_involved_sessions,
        0 as automated_sessions,
        closed_contacts
    from contacts_with_people
),

summed as (
    select
        started_date,
        source,
        brand,
        channel,
        cast(sum(contacts) as bigint) as contacts,
        cast(sum(bot_involved_sessions) as bigint) as bot_involved_sessions,
        cast(sum(automated_sessions) as bigint) as automated_sessions,
        cast(sum(closed_contacts) as bigint) as closed_contacts
    from all_contacts
    group by started_date, source, brand, channel
),

final as (
    select
        started_date,
        source,
        brand,
        channel,
        contacts,
        bot_involved_sessions,
        {{ ratio('bot_involved_sessions', 'contacts') }} as coverage_rate,
        closed_contacts,
        automated_sessions,
        {{ ratio('automated_sessions', 'closed_contacts') }} as automation_rate_of_demand
    from summed
)

select * from final
