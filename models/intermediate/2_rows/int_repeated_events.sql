{{ repeated_rows(
    ref('int_changed_event_rows'),
    key=['conversation_number', 'event_id'],
    content=['occurred_at', 'event_type', 'actor_type', 'reason'],
    more_columns=['boundary']
) }}
