-- What the vendor claims, and bills, beside what we count: by verdict and reason. Amounts of different currencies are
-- never added up.
select
    verdict,
    reason,
    source,
    currency,
    count(*) as claim_count,
    {{ exact_sum('amount') }} as billed_amount
from {{ ref('claims_audited') }}
where verdict <> 'no claim'
group by verdict, reason, source, currency
order by claim_count desc, verdict asc, reason asc, source asc, currency asc
limit 30
