-- What Intercom says Fin achieved in a conversation. It judges a conversation once, and a later verdict replaces it.
with

versions as (
    select
        id as conversation_id,
        lower(trim(ai_agent_resolution_state)) as outcome,
        {{ boolean('_fivetran_active', 'true') }} as is_active,
        {{ utc_timestamp('_fivetran_synced') }} as loaded_at
    from {{ source('intercom', 'conversation_history') }}
    where trim(ai_agent_resolution_state) <> ''
),

-- The state has no time of its own. The first load that showed it is the nearest.
first_load_added as (
    select
        *,
        min(loaded_at) over (partition by conversation_id, outcome) as first_loaded_at
    from versions
),

-- Without load times nobody knows which session a verdict is about.
final as (
    select
        concat('outcome of ', conversation_id) as claim_id,
        conversation_id,
        outcome,
        first_loaded_at as claimed_at,
        cast(null as varchar) as amount,
        cast(null as varchar) as currency,
        loaded_at
    from first_load_added
    where is_active is not false and first_loaded_at is not null
)

select * from final
