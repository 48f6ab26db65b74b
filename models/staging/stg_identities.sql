with

ids_read as (
    select
        {{ keyword('source') }} as source,
        {{ id_text('customer_id') }} as customer_id,
        {{ id_text('person_id') }} as person_id,
        {{ id_finding(['customer_id', 'person_id']) }} as id_finding
    from {{ source('identities', 'identities') }}
),

-- An unusable row gets a reason, the first that applies.
final as (
    select
        *,
        case
            when source is null or customer_id is null or person_id is null then 'missing_id'
            when id_finding = 'inexact_id' then 'inexact_id'
        end as reject_reason
    from ids_read
)

select * from final
