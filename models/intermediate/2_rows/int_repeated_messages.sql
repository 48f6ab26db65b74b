{{ repeated_rows(
    ref('int_changed_message_rows'),
    key=['conversation_number', 'message_id'],
    content=['sent_at', 'author_type', 'author_id', 'is_public', 'topic', 'attributes']
) }}
