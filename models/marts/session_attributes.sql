{{ config(materialized='replaced_view') }}

with

final as (
    select
        session_id,
        attribute,
        value
    from {{ ref('int_kept_attributes') }}
    where attribute <> 'bot_version'
)

select * from final
