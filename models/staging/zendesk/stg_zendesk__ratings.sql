-- Zendesk offers a rating before it is given; only good and bad are ratings. A later row of a ticket is another rating.
with

final as (
    select
        id as rating_id,
        ticket_id as conversation_id,
        case lower(score)
            when 'good' then '1'
            when 'bad' then '0'
            else score
        end as score,
        coalesce(cast(updated_at as varchar), cast(created_at as varchar)) as rated_at,
        1 as max_score,
        _fivetran_synced as loaded_at
    from {{ source('zendesk', 'satisfaction_rating') }}
    where lower(score) not in ('offered', 'unoffered')
)

select * from final
