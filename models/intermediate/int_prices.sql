{{ config(materialized='replaced_view') }}

with

final as (
    select
        source,
        channel,
        from_date,
        to_date,
        contact_cost,
        session_cost,
        currency
    from {{ ref('prices') }}
)

select * from final
