with

-- All sources, with their columns cast in one place. An unreadable value becomes null; a column beside it holds its
-- text.
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
            attributes,
            {{ unreadable_time('created_at') }} as unreadable_created_at,
            {{ unreadable_time('loaded_at') }} as unreadable_loaded_at,
            {{ id_finding(['conversation_id', 'customer_id']) }} as id_finding,
            -- The hash covers the columns as they came: every change of the raw row changes it.
            {{ row_hash([
                'conversation_id', 'channel', 'brand', 'customer_id', 'created_at', 'exclusion_reason', 'loaded_at',
                'attributes'
            ]) }} as row_hash
        from {{ ref('stg_' ~ source ~ '__conversations') }}
    {% endfor %}
),

-- An unusable row gets a reason, the first that applies.
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
