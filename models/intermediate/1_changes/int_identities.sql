-- A table, so that each night reads the source once, compares the same rows with the earlier ones, uses and keeps them.
with

-- Rule 8: of several persons for one customer the least person_id counts.
person_numbered as (
    select
        source,
        customer_id,
        person_id,
        reject_reason,
        row_number() over each_person as person_number,
        min(person_id) over each_customer <> max(person_id) over each_customer as has_several_persons
    from {{ ref('stg_identities') }}
    window
        each_person as (partition by source, customer_id, reject_reason order by person_id),
        each_customer as (partition by source, customer_id, reject_reason)
),

final as (
    select
        source,
        customer_id,
        person_id,
        reject_reason,
        reject_reason is null and person_number = 1 as is_used,
        reject_reason is null and has_several_persons as has_several_persons
    from person_numbered
)

select * from final
