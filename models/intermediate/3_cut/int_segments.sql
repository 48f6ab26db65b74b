with

timeline as (
    select * from {{ ref('int_segmented_timeline') }}
),

-- min_by and max_by skip null values on DuckDB and return them on Spark, so no value is null here. Where one row's
-- value counts, '' stands in for null. Where the first or last known value counts, rows without one have no position.
final as (
    select
        conversation_number,
        segment_number,
        cast(max(start_reason) as {{ dbt.type_string() }}) as start_reason,
        max(case when position_in_segment = 1 then row_id end) as first_message_id,
        min(case when is_activity then happened_us end) as started_us,
        max(case when is_activity then happened_us end) as last_activity_us,
        count(case when row_kind = 'customer' then 1 end) as customer_message_count,
        count(case when row_kind = 'bot' then 1 end) as bot_message_count,
        count(case when row_kind = 'agent' then 1 end) as agent_message_count,
        min(case when row_kind = 'resolved' then happened_us end) as first_resolved_us,
        max(case when row_kind = 'resolved' then happened_us end) as last_resolved_us,
        min(case when row_kind = 'escalated' then happened_us end) as first_escalated_us,
        max(case when row_kind = 'escalated' then happened_us end) as last_escalated_us,
        min(case when row_kind = 'agent' then happened_us end) as first_agent_message_us,
        min(case when row_kind = 'customer' then happened_us end) as first_customer_message_us,
        min(case when row_kind = 'bot' and is_customer_heard then happened_us end) as first_bot_reply_us,
        min_by(coalesce(actor, 'unknown'), case when row_kind = 'bot' then position_in_segment end) as bot_id,
        max_by(coalesce(actor, 'unknown'), case when row_kind = 'bot' then position_in_segment end) as last_bot_id,
        min_by(detail, case when is_activity and detail is not null then position_in_segment end) as topic,
        max_by(detail, case when is_activity and detail is not null then position_in_segment end) as last_topic,
        nullif(
            min_by(coalesce(actor, ''), case when row_kind = 'resolved' then position_in_segment end), ''
        ) as resolved_by,
        nullif(
            min_by(coalesce(actor, ''), case when row_kind = 'escalated' then position_in_segment end), ''
        ) as escalated_by,
        nullif(
            min_by(coalesce(detail, ''), case when row_kind = 'escalated' then position_in_segment end), ''
        ) as escalation_reason
    from timeline
    group by conversation_number, segment_number
)

select * from final
