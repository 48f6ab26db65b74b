{{ repeated_rows(
    ref('int_changed_conversation_rows'),
    key=['conversation_number'],
    content=['channel', 'brand', 'customer_id', 'created_at', 'exclusion_reason', 'attributes'],
    more_columns=['has_channel_policy', 'timeout_us']
) }}
