{{ config(pre_hook="{{ list_changed() }}", post_hook="{{ forget_changed() }}") }}

{{ rows_of_changed_conversations(
    ref('int_mapped_events'),
    columns=[
        'event_id', 'event_type', 'boundary', 'actor_type', 'occurred_at', 'reason', 'loaded_at', 'unreadable_occurred_at',
        'unreadable_loaded_at', 'id_finding', 'reject_reason', 'row_hash'
    ],
    own_time='occurred_at'
) }}
