{{ config(pre_hook="{{ list_changed() }}", post_hook="{{ forget_changed() }}") }}

{{ rows_of_changed_conversations(
    ref('int_mapped_conversations'),
    columns=[
        'channel', 'brand', 'customer_id', 'created_at', 'exclusion_reason', 'attributes', 'has_channel_policy', 'timeout_us',
        'loaded_at', 'unreadable_created_at', 'unreadable_loaded_at', 'id_finding', 'reject_reason', 'row_hash'
    ],
    own_time='created_at'
) }}
