with

-- All sources, with their columns cast in one place. An unreadable value becomes null; a column beside it holds its
-- text.
cast_rows as (
    {% for source in var('sources') %}
        {{ 'union all' if not loop.first }}
        select
            '{{ source }}' as source,
            {{ id_text('message_id') }} as message_id,
            {{ id_text('conversation_id') }} as conversation_id,
            {{ keyword('author_type') }} as author_type,
            {{ id_text('author_id') }} as author_id,
            {{ boolean('is_public', 'true') }} as is_public,
            {{ utc_timestamp('sent_at') }} as sent_at,
            {{ text('topic') }} as topic,
            {{ utc_timestamp('loaded_at') }} as loaded_at,
            attributes,
            case
                when {{ boolean('is_public', 'true') }} is null then {{ text('is_public') }}
            end as unreadable_is_public,
            {{ unreadable_time('sent_at') }} as unreadable_sent_at,
            {{ unreadable_time('loaded_at') }} as unreadable_loaded_at,
            {{ id_finding(['message_id', 'conversation_id', 'author_id']) }} as id_finding,
            -- The hash covers the columns as they came: every change of the raw row changes it.
            {{ row_hash([
                'message_id', 'conversation_id', 'author_type', 'author_id', 'is_public', 'sent_at', 'topic', 'loaded_at',
                'attributes'
            ]) }} as row_hash
        from {{ ref('stg_' ~ source ~ '__messages') }}
    {% endfor %}
),

-- An unusable row gets a reason, the first that applies.
judged_rows as (
    select
        *,
        case
            when message_id is null or conversation_id is null then 'missing_id'
            when id_finding = 'inexact_id' then 'inexact_id'
            -- A source's staging writes this word if it could not read what the row is made of.
            when author_type = 'unreadable content' then 'unreadable_content'
            when sent_at is null and unreadable_sent_at is null then 'missing_time'
            when sent_at is null then 'unreadable_time'
            when author_type is null or author_type not in ('customer', 'bot', 'agent', 'system')
                then 'unknown_author_type'
            when is_public is null then 'unreadable_is_public'
            when {{ epoch_us('greatest(sent_at, loaded_at)') }} > {{ last_usable_us() }} then 'time_in_future'
            when {{ epoch_us('sent_at') }} - {{ epoch_us('loaded_at') }} > 86400000000 then 'time_after_load'
        end as reject_reason
    from cast_rows
),

final as (
    select * from judged_rows
)

select * from final
