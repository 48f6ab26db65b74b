{{ config(materialized='replaced_view') }}

with

-- Ratings of people's own work are not a finding.
ratings_of_nothing as (
    select
        source,
        case
            when not is_conversation_known then 'ratings_of_unknown_conversation'
            when session_id is null and coalesce(segment_kind <> 'human', true) then 'ratings_without_session'
        end as finding
    from {{ ref('int_ratings') }}
),

findings as (
    select
        source,
        finding
    from ratings_of_nothing
    where finding is not null
    union all
    select
        source,
        'unreadable_load_times' as finding
    from {{ ref('int_rating_rows') }}
    where unreadable_loaded_at is not null
    union all
    select
        source,
        id_finding as finding
    from {{ ref('int_rating_rows') }}
    where id_finding in ('ids_of_whole_numbers', 'ids_with_blanks')
),

final as (
    select
        source,
        finding,
        count(*) as row_count
    from findings
    group by source, finding
)

select * from final
