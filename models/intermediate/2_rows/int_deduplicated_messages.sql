{{ config(materialized='replaced_view') }}

{{ deduplicated_rows(
    ref('int_changed_message_rows'),
    ref('int_repeated_messages'),
    key=['conversation_number', 'message_id'],
    columns=['author_type', 'author_id', 'is_public', 'sent_at', 'topic', 'attributes']
) }}
