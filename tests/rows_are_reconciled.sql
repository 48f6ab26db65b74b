-- Nothing is lost: every row read is used, a duplicate or rejected.
select *
from {{ ref('row_reconciliation') }}
where rows_read <> rows_used + rows_duplicate + rows_rejected
