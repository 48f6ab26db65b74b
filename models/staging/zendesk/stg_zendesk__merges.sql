with

-- A merge tags only the ticket that ends with it.
merged_tickets as (
    select distinct ticket_tags.ticket_id
    from {{ source('zendesk', 'ticket_tag') }} as ticket_tags
    inner join {{ ref('zendesk_excluded_tags') }} as excluded_tags
        on lower(trim(ticket_tags.tag)) = excluded_tags.tag
    where
        excluded_tags.exclusion_reason = 'merged'
        and ticket_tags.ticket_id is not null
),

-- A merge closes the ticket. A closed ticket cannot be merged or opened again, so its close is the merge's. Without a
-- close, the last time that it was solved counts.
final as (
    select
        merged_tickets.ticket_id,
        coalesce(
            max(case when lower(changes.value) = 'closed' then {{ utc_timestamp('changes.updated') }} end),
            max(case when lower(changes.value) = 'solved' then {{ utc_timestamp('changes.updated') }} end)
        ) as merged_at
    from merged_tickets
    left join {{ source('zendesk', 'ticket_field_history') }} as changes
        on
            merged_tickets.ticket_id = changes.ticket_id
            and changes.field_name = 'status'
    group by merged_tickets.ticket_id
)

select * from final
