-- The known customers: they have a place in a conversation, or began one.
with

final as (
    select contact_id
    from {{ source('intercom', 'conversation_contact_history') }}

    union

    select source_author_id as contact_id
    from {{ source('intercom', 'conversation_history') }}
    where lower(trim(source_author_type)) in ('user', 'lead', 'contact')
)

select * from final
