-- Without a row for `*`, a conversation could have no timeout.
select count(*) as rows_for_every_other_channel
from {{ ref('channel_policies') }}
where channel = '*'
having count(*) <> 1
