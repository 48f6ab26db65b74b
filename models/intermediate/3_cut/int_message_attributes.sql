with

-- Most rows have none, so this comes first.
message_rows as (
    select
        conversation_number,
        message_id,
        attributes
    from {{ ref('int_deduplicated_messages') }}
    where attributes is not null
),

activities as (
    select
        conversation_number,
        segment_number,
        position_in_segment,
        row_id
    from {{ ref('int_segmented_timeline') }}
    where is_activity
),

placed as (
    select
        activities.conversation_number,
        activities.segment_number,
        activities.position_in_segment,
        message_rows.attributes
    from message_rows
    inner join activities
        on
            message_rows.conversation_number = activities.conversation_number
            and message_rows.message_id = activities.row_id
),

value_added as (
    {% for name in message_attribute_names() %}
        {{ 'union all' if not loop.first }}
        select
            conversation_number,
            segment_number,
            position_in_segment,
            '{{ name }}' as attribute,
            {{ each_text('attributes', name) }} as value
        from placed
    {% endfor %}
),

-- The first message with a value counts.
final as (
    select
        conversation_number,
        segment_number,
        attribute,
        value
    from value_added
    qualify position_in_segment = min(position_in_segment) over (
        partition by conversation_number, segment_number, attribute
    )
)

select * from final
