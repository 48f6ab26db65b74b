with

-- Every source, its columns cast in one place. What cannot be read is null, with its text in a column beside it.
cast_rows as (
    {% for source in var('sources') %}
        {{ 'union all' if not loop.first }}
        select
            '{{ source }}' as source,
            {{ id_text('conversation_id') }} as conversation_id,
            {{ keyword('channel') }} as channel,
            {{ text('brand') }} as brand,
            {{ id_text('customer_id') }} as customer_id,
            {{ utc_timestamp('created_at') }} as created_at,
            {{ text('exclusion_reason') }} as exclusion_reason,
            {{ utc_timestamp('loaded_at') }} as loaded_at,
            {{ unreadable_time('created_at') }} as unreadable_created_at,
            {{ unreadable_time('loaded_at') }} as unreadable_loaded_at,
            {{ id_finding(['conversation_id', 'customer_id']) }} as id_finding,
            -- Of the columns as they came: whatever is changed in the raw row changes it.
            {{ row_hash([
                'conversation_id', 'channel', 'brand', 'customer_id', 'created_at', 'exclusion_reason', 'loaded_at'
            ]) }} as row_hash
        from {{ ref('stg_' ~ source ~ '__conversations') }}
    {% endfor %}
),

-- A row that cannot be used is kept apart with its reason; the first that holds is told.
judged_rows as (
    select
        *,
        case
            when conversation_id is null then 'missing_id'
            when id_finding = 'inexact_id' then 'inexact_id'
            when {{ epoch_us('greatest(created_at, loaded_at)') }} > {{ last_usable_us() }} then 'time_in_future'
        end as reject_reason
    from cast_rows
),

final as (
    select * from judged_rows
)

select * from final
