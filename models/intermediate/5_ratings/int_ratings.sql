with

ratings as (
    select * from {{ ref('int_rating_rows') }}
    where reject_reason is null and not is_duplicate
),

-- An unanswered greeting or a "thanks!" is no support that a customer could rate.
ratable_segments as (
    select
        source,
        conversation_id,
        segment_number,
        segment_id,
        segment_kind,
        session_id,
        started_us
    from {{ ref('int_kept_segments') }}
    where segment_kind not in ('unengaged', 'courtesy')
),

-- Left join: a rating before the first segment, or of an unknown conversation, belongs to no segment.
segment_added as (
    select
        ratings.source,
        ratings.conversation_id,
        ratings.rating_id,
        ratings.rated_at,
        ratings.score,
        ratings.max_score,
        ratable_segments.segment_id,
        ratable_segments.segment_kind,
        ratable_segments.session_id
    from ratings
    left join ratable_segments
        on
            ratings.source = ratable_segments.source
            and ratings.conversation_id = ratable_segments.conversation_id
            and {{ epoch_us('ratings.rated_at') }} >= ratable_segments.started_us
    qualify row_number() over (
        partition by ratings.source, ratings.conversation_id, ratings.rating_id
        order by ratable_segments.segment_number desc nulls last
    ) = 1
),

-- A rating of the handling counts for the escalated session.
rated_segment_added as (
    select
        *,
        coalesce(session_id, segment_id) as rated_segment_id
    from segment_added
),

-- The latest rating counts; at the same time, the one with the greatest id.
is_counted_added as (
    select
        *,
        rated_segment_id is not null
        and row_number() over (partition by rated_segment_id order by rated_at desc, rating_id desc) = 1 as is_counted
    from rated_segment_added
),

final as (
    select
        ratings.source,
        ratings.conversation_id,
        ratings.rating_id,
        ratings.rated_at,
        ratings.score,
        ratings.max_score,
        ratings.score / ratings.max_score as csat_score,
        ratings.segment_id,
        ratings.segment_kind,
        ratings.session_id,
        ratings.rated_segment_id,
        ratings.is_counted,
        conversations.conversation_id is not null as is_conversation_known
    from is_counted_added as ratings
    left join {{ ref('int_kept_conversations') }} as conversations
        on
            ratings.source = conversations.source
            and ratings.conversation_id = conversations.conversation_id
)

select * from final
