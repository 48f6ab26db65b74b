{{ config(materialized='replaced_view') }}

{{ deduplicated_rows(
    ref('int_changed_event_rows'),
    ref('int_repeated_events'),
    key=['conversation_number', 'event_id'],
    columns=['event_type', 'boundary', 'actor_type', 'occurred_at', 'reason']
) }}
