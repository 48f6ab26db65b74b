-- A table, so that each night reads the sources once and counts used, repeated and rejected rows over the same rows.
with

-- A row without a load time counts as loaded at its own time.
known_at_added as (
    select
        *,
        coalesce(loaded_at, claimed_at) as known_at
    from {{ ref('stg_claims') }}
),

-- Rule 10, as for ratings: the row loaded last counts, then the one with the greatest content.
rank_added as (
    select
        *,
        row_number() over (
            partition by source, conversation_id, claim_id, reject_reason
            order by
                known_at desc nulls last,
                claimed_at desc nulls last,
                outcome desc nulls last,
                amount desc nulls last,
                currency desc nulls last
        ) as row_rank
    from known_at_added
),

-- In a row that cannot be used, a customer's words may stand where an outcome should be.
final as (
    select
        source,
        conversation_id,
        claim_id,
        case when reject_reason is null then outcome end as outcome,
        claimed_at,
        amount,
        case when reject_reason is null then currency end as currency,
        unreadable_loaded_at,
        id_finding,
        reject_reason,
        reject_reason is null and row_rank > 1 as is_duplicate,
        case
            when reject_reason is not null
                then {{ json_object({
                    'claim_id': 'claim_id', 'conversation_id': 'conversation_id', 'outcome': word('outcome'),
                    'claimed_at': as_read('claimed_at'), 'amount': as_read('amount'), 'currency': word('currency'),
                    'loaded_at': as_read('loaded_at')
                }) }}
        end as rejected_row_json
    from rank_added
)

select * from final
