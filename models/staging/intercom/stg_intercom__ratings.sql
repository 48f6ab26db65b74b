-- Intercom keeps one rating per conversation, in the conversation itself; a later one replaces it.
with

final as (
    select
        concat('rating of ', id) as rating_id,
        id as conversation_id,
        conversation_rating_value as score,
        conversation_rating_created_at as rated_at,
        5 as max_score,
        _fivetran_synced as loaded_at
    from {{ source('intercom', 'conversation_history') }}
    where
        {{ boolean('_fivetran_active', 'true') }} is not false
        and conversation_rating_value is not null
)

select * from final
