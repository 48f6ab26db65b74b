-- Who is known as a customer: by their place in a conversation, or by having begun one.
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
