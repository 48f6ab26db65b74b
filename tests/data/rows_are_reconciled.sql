-- Nothing is lost: every row read is used, a duplicate or rejected.
select
    source,
    table_name,
    rows_read,
    rows_used,
    rows_duplicate,
    rows_rejected
from {{ ref('row_reconciliation') }}
where rows_read <> rows_used + rows_duplicate + rows_rejected
