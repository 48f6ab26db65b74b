-- Written after the segments: had a run been killed in between, the next one would see the same changes again.
-- depends_on: {{ ref('int_kept_segments') }}
with

final as (
    select
        source,
        customer_id,
        person_id
    from {{ ref('int_identities') }}
    where is_used
)

select * from final
