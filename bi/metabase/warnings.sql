-- Warnings
-- What may make these numbers wrong: the findings beyond their limits. Empty is good.
-- Chart: Table.
select source, finding, row_count, base_count
from marts.data_quality
where is_exceeded and action = 'warn'
order by source, finding
