with

-- All sources with claims, with their columns cast in one place. An unreadable value becomes null; a column beside it
-- holds its text.
cast_rows as (
    -- The columns exist even if no source has claims.
    select
        cast(null as {{ dbt.type_string() }}) as source,
        cast(null as {{ dbt.type_string() }}) as claim_id,
        cast(null as {{ dbt.type_string() }}) as conversation_id,
        cast(null as {{ dbt.type_string() }}) as outcome,
        cast(null as timestamp) as claimed_at,
        cast(null as double) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as timestamp) as loaded_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_claimed_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_amount,
        cast(null as {{ dbt.type_string() }}) as unreadable_loaded_at,
        cast(null as {{ dbt.type_string() }}) as id_finding
    where false
    {% for source in sources_with('claims') %}
        union all
        select
            '{{ source }}' as source,
            {{ id_text('claim_id') }} as claim_id,
            {{ id_text('conversation_id') }} as conversation_id,
            {{ keyword('outcome') }} as outcome,
            {{ utc_timestamp('claimed_at') }} as claimed_at,
            {{ number('amount') }} as amount,
            upper({{ keyword('currency') }}) as currency,
            {{ utc_timestamp('loaded_at') }} as loaded_at,
            {{ unreadable_time('claimed_at') }} as unreadable_claimed_at,
            case when {{ number('amount') }} is null then {{ text('amount') }} end as unreadable_amount,
            {{ unreadable_time('loaded_at') }} as unreadable_loaded_at,
            {{ id_finding(['claim_id', 'conversation_id']) }} as id_finding
        from {{ ref('stg_' ~ source ~ '__claims') }}
    {% endfor %}
),

-- An unusable row gets a reason, the first that applies. An amount may be missing or below 0 (a credit).
judged_rows as (
    select
        *,
        case
            when claim_id is null or conversation_id is null then 'missing_id'
            when id_finding = 'inexact_id' then 'inexact_id'
            when claimed_at is null and unreadable_claimed_at is null then 'missing_time'
            when claimed_at is null then 'unreadable_time'
            when outcome is null then 'missing_outcome'
            when unreadable_amount is not null then 'unreadable_amount'
            when {{ epoch_us('greatest(claimed_at, loaded_at)') }} > {{ last_usable_us() }} then 'time_in_future'
            when {{ epoch_us('claimed_at') }} - {{ epoch_us('loaded_at') }} > 86400000000 then 'time_after_load'
        end as reject_reason
    from cast_rows
),

final as (
    select * from judged_rows
)

select * from final
