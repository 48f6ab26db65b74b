-- Where does the vendor's word on a session differ from our outcome? One row per source, word and outcome, with the
-- verdict on the claim; sessions that the vendor says nothing of have no word. Only sources with claims.
with

claims as (
    select * from {{ ref('claims_audited') }}
),

sources_with_claims as (
    select distinct source from claims
),

sessions as (
    select
        sessions.session_id,
        sessions.source,
        sessions.outcome
    from {{ ref('sessions') }} as sessions
    inner join sources_with_claims
        on sessions.source = sources_with_claims.source
),

sides as (
    select
        coalesce(claims.source, sessions.source) as source,
        claims.outcome as vendor_outcome,
        sessions.outcome as our_outcome,
        claims.verdict,
        claims.reason
    from sessions
    full outer join claims
        on sessions.session_id = claims.session_id
),

final as (
    select
        source,
        vendor_outcome,
        our_outcome,
        verdict,
        reason,
        count(*) as row_count
    from sides
    group by source, vendor_outcome, our_outcome, verdict, reason
)

select * from final
order by source asc, row_count desc, vendor_outcome asc, our_outcome asc, verdict asc, reason asc
