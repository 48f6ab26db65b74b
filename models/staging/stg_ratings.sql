with

-- All sources with ratings, with their columns cast in one place. An unreadable value becomes null; a column beside it
-- holds its text.
cast_rows as (
    -- The columns exist even if no source has ratings.
    select
        cast(null as {{ dbt.type_string() }}) as source,
        cast(null as {{ dbt.type_string() }}) as rating_id,
        cast(null as {{ dbt.type_string() }}) as conversation_id,
        cast(null as double) as score,
        cast(null as double) as max_score,
        cast(null as timestamp) as rated_at,
        cast(null as timestamp) as loaded_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_score,
        cast(null as {{ dbt.type_string() }}) as unreadable_max_score,
        cast(null as {{ dbt.type_string() }}) as unreadable_rated_at,
        cast(null as {{ dbt.type_string() }}) as unreadable_loaded_at,
        cast(null as {{ dbt.type_string() }}) as id_finding
    where false
    {% for source in sources_with('ratings') %}
        union all
        select
            '{{ source }}' as source,
            {{ id_text('rating_id') }} as rating_id,
            {{ id_text('conversation_id') }} as conversation_id,
            {{ number('score') }} as score,
            case when {{ text('max_score') }} is null then 5 else {{ number('max_score') }} end as max_score,
            {{ utc_timestamp('rated_at') }} as rated_at,
            {{ utc_timestamp('loaded_at') }} as loaded_at,
            case when {{ number('score') }} is null then {{ text('score') }} end as unreadable_score,
            case when {{ number('max_score') }} is null then {{ text('max_score') }} end as unreadable_max_score,
            {{ unreadable_time('rated_at') }} as unreadable_rated_at,
            {{ unreadable_time('loaded_at') }} as unreadable_loaded_at,
            {{ id_finding(['rating_id', 'conversation_id']) }} as id_finding
        from {{ ref('stg_' ~ source ~ '__ratings') }}
    {% endfor %}
),

-- An unusable row gets a reason, the first that applies.
judged_rows as (
    select
        *,
        case
            when rating_id is null or conversation_id is null then 'missing_id'
            when id_finding = 'inexact_id' then 'inexact_id'
            when rated_at is null and unreadable_rated_at is null then 'missing_time'
            when rated_at is null then 'unreadable_time'
            when score is null and unreadable_score is null then 'missing_score'
            when score is null then 'unreadable_score'
            when max_score is null or max_score <= 0 then 'unusable_max_score'
            when score < 0 or score > max_score then 'score_out_of_range'
            when {{ epoch_us('greatest(rated_at, loaded_at)') }} > {{ last_usable_us() }} then 'time_in_future'
            when {{ epoch_us('rated_at') }} - {{ epoch_us('loaded_at') }} > 86400000000 then 'time_after_load'
        end as reject_reason
    from cast_rows
),

final as (
    select * from judged_rows
)

select * from final
