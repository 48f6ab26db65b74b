{{ config(materialized='replaced_view') }}

with

-- The lookups are part of the rules, but each row counts only the entries that it uses: a changed timeout of one
-- channel affects only the conversations of that channel. Each source is summed on its own, so the name of the source
-- is not part of the key by which all rows are grouped.
summed as (
    {% for source in var('sources') %}
        {{ 'union all' if not loop.first }}
        select
            '{{ source }}' as source,
            conversation_id,
            count(*) as row_count,
            {{ hash_sum('row_hash') }} as rows_fingerprint,
            {{ hash_sum('lookup_hash') }} as lookup_hashes,
            sum(own_row) as own_row_count
        from (
            select
                conversation_id,
                row_hash,
                {{ row_hash(['channel', 'has_channel_policy', 'timeout_us']) }} as lookup_hash,
                1 as own_row
            from {{ ref('int_mapped_conversations') }}
            where source = '{{ source }}'
            union all
            select
                conversation_id,
                row_hash,
                0 as lookup_hash,
                0 as own_row
            from {{ ref('stg_messages') }}
            where source = '{{ source }}'
            union all
            select
                conversation_id,
                row_hash,
                {{ row_hash(['event_type', 'boundary']) }} as lookup_hash,
                0 as own_row
            from {{ ref('int_mapped_events') }}
            where source = '{{ source }}'
        ) as source_rows
        group by conversation_id
    {% endfor %}
),

-- A conversation without a row of its own takes the timeout of `*`.
final as (
    select
        summed.source,
        -- Rows that name no conversation form one group. Its id is blank, which no conversation's id can be.
        coalesce(summed.conversation_id, '') as conversation_id,
        summed.row_count,
        summed.rows_fingerprint,
        {{ row_hash([
            'rules.code_version', 'rules.session_scope', 'rules.after_escalation', 'rules.courtesy_minutes',
            'rules.takeover_boundary', 'summed.lookup_hashes', 'case when summed.own_row_count = 0 then any_policy.timeout_minutes end'
        ]) }} as rules_fingerprint
    from summed
    inner join {{ ref('int_rules') }} as rules
        on summed.source = rules.source
    left join {{ ref('channel_policies') }} as any_policy
        on any_policy.channel = '*'
)

select * from final
