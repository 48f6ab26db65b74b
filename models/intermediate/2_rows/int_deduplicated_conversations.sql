{{ config(materialized='replaced_view') }}

{{ deduplicated_rows(
    ref('int_changed_conversation_rows'),
    ref('int_repeated_conversations'),
    key=['conversation_number'],
    columns=[
        'channel', 'brand', 'customer_id', 'created_at', 'exclusion_reason', 'attributes', 'has_channel_policy', 'timeout_us'
    ]
) }}
