-- What became of every raw row.
select
    source,
    table_name,
    rows_read,
    rows_used,
    rows_duplicate,
    rows_rejected
from {{ ref('row_reconciliation') }}
order by source, table_name
