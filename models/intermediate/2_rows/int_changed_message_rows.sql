{{ config(pre_hook="{{ list_changed() }}", post_hook="{{ forget_changed() }}") }}

{{ rows_of_changed_conversations(
    ref('stg_messages'),
    columns=[
        'message_id', 'author_type', 'author_id', 'is_public', 'sent_at', 'topic', 'attributes', 'loaded_at',
        'unreadable_is_public', 'unreadable_sent_at', 'unreadable_loaded_at', 'id_finding', 'reject_reason', 'row_hash'
    ],
    own_time='sent_at'
) }}
