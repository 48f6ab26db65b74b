{{ config(materialized='replaced_view') }}

with

findings as (
    select
        source,
        'claims_of_unmapped_outcome' as finding
    from {{ ref('int_claimed_sessions') }}
    where is_claim is null
    union all
    select
        source,
        'claims_of_unknown_conversation' as finding
    from {{ ref('int_claimed_sessions') }}
    where not is_conversation_known
    union all
    select
        source,
        'unreadable_load_times' as finding
    from {{ ref('int_claim_rows') }}
    where unreadable_loaded_at is not null
    union all
    select
        source,
        id_finding as finding
    from {{ ref('int_claim_rows') }}
    where id_finding in ('ids_of_whole_numbers', 'ids_with_blanks')
),

final as (
    select
        source,
        finding,
        count(*) as row_count
    from findings
    group by source, finding
)

select * from final
