with

parts as (
    select
        conversation_id,
        lower(trim(part_type)) as part_word,
        {{ utc_timestamp('created_at') }} as happened_at
    from {{ source('intercom', 'conversation_part_history') }}
    where
        {{ boolean('_fivetran_active', 'true') }} is not false
        and conversation_id is not null
),

merge_parts as (
    select *
    from parts
    where part_word like 'merged\_%' escape '\'
),

closes as (
    select *
    from parts
    where part_word = 'close'
),

-- Both conversations of a merge have such a part, and the merge closes the one that ends with it. The part type shows
-- which one ends, or a close within the seconds that it takes to write both.
final as (
    select
        merge_parts.conversation_id,
        max(merge_parts.happened_at) as merged_at
    from merge_parts
    left join closes
        on
            merge_parts.conversation_id = closes.conversation_id
            and closes.happened_at between
            merge_parts.happened_at - interval 5 second and merge_parts.happened_at + interval 5 second
    where
        merge_parts.part_word = 'merged_secondary_conversation'
        or closes.conversation_id is not null
    group by merge_parts.conversation_id
)

select * from final
