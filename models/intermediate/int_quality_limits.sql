{{ config(materialized='replaced_view') }}

with

final as (
    select
        source,
        finding,
        {{ adapter.quote('limit') }} as share_limit,
        action
    from {{ ref('quality_limits') }}
)

select * from final
