-- Rule 11: every used claim row has a verdict. A session is agreed at most once, and only if it is contained and
-- durable.
with

used as (
    select
        source,
        rows_used
    from {{ ref('row_reconciliation') }}
    where table_name = 'claims'
),

audited as (
    select
        source,
        count(*) as claims
    from {{ ref('claims_audited') }}
    group by source
),

lost_claims as (
    select
        used.source,
        'claims without a verdict' as law
    from used
    left join audited
        on used.source = audited.source
    where used.rows_used <> coalesce(audited.claims, 0)
),

agreed as (
    select
        claims.source,
        claims.session_id,
        sessions.is_contained,
        sessions.is_recontacted_7d
    from {{ ref('claims_audited') }} as claims
    left join {{ ref('sessions') }} as sessions
        on claims.session_id = sessions.session_id
    where claims.verdict = 'agreed'
),

wrongly_agreed as (
    select
        source,
        'agreed, but not a durable contained session, or twice' as law
    from agreed
    group by source, session_id
    having
        count(*) > 1
        or count(case when is_contained and not is_recontacted_7d then 1 end) = 0
),

final as (
    select * from lost_claims
    union all
    select * from wrongly_agreed
)

select * from final
