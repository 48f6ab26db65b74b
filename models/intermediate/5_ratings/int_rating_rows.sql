-- A table, so that each night reads the sources once and counts used, repeated and rejected rows over the same rows.
with

-- A row without a load time counts as loaded at its own time.
known_at_added as (
    select
        *,
        coalesce(loaded_at, rated_at) as known_at
    from {{ ref('stg_ratings') }}
),

-- If several rows are usable, the one loaded last counts, then the one with the greatest content. The order of the
-- files never matters.
rank_added as (
    select
        *,
        row_number() over (
            partition by source, conversation_id, rating_id, reject_reason
            order by
                known_at desc nulls last,
                rated_at desc nulls last,
                score desc nulls last,
                max_score desc nulls last
        ) as row_rank
    from known_at_added
),

final as (
    select
        source,
        conversation_id,
        rating_id,
        rated_at,
        score,
        max_score,
        unreadable_loaded_at,
        id_finding,
        reject_reason,
        reject_reason is null and row_rank > 1 as is_duplicate,
        case
            when reject_reason is not null
                then {{ json_object({
                    'rating_id': 'rating_id', 'conversation_id': 'conversation_id', 'score': as_read('score'),
                    'rated_at': as_read('rated_at'), 'max_score': as_read('max_score'), 'loaded_at': as_read('loaded_at')
                }) }}
        end as rejected_row_json
    from rank_added
)

select * from final
