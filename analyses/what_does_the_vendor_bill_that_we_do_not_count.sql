-- What does a vendor bill as resolved, and how much of it do we count? One row per month, source, currency, verdict and
-- reason (rule 11). Amounts of different currencies are never added up.
select
    cast(date_trunc('month', claimed_date) as date) as month_start_date,
    source,
    currency,
    verdict,
    reason,
    count(*) as claims,
    {{ exact_sum('amount') }} as amount
from {{ ref('claims_audited') }}
where verdict <> 'no claim'
group by month_start_date, source, currency, verdict, reason
order by month_start_date asc, source asc, currency asc, amount desc, claims desc, verdict asc, reason asc
