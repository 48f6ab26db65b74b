{{ config(materialized='replaced_view') }}

with

claims as (
    select * from {{ ref('int_claim_rows') }}
    where reject_reason is null and not is_duplicate
),

outcomes as (
    select * from {{ ref('claim_outcomes') }}
),

-- The word counts before `*`, and the source before every source.
final as (
    select
        claims.source,
        claims.conversation_id,
        claims.claim_id,
        claims.outcome,
        claims.claimed_at,
        claims.amount,
        claims.currency,
        coalesce(own_word.is_claim, any_source.is_claim, any_word.is_claim) as is_claim
    from claims
    left join outcomes as own_word
        on
            claims.source = own_word.source
            and claims.outcome = own_word.outcome
    left join outcomes as any_source
        on
            any_source.source = '*'
            and claims.outcome = any_source.outcome
    left join outcomes as any_word
        on
            claims.source = any_word.source
            and any_word.outcome = '*'
)

select * from final
