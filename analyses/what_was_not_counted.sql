-- Which segments are not sessions, and why? The reasons of rule 7, by channel.
select
    channel,
    segment_kind,
    count(*) as segment_count,
    sum(customer_message_count) as customer_messages
from {{ ref('segments') }}
where segment_kind <> 'session'
group by channel, segment_kind
order by channel asc, segment_count desc
