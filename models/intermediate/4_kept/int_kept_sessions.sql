{{ config(materialized='replaced_view') }}

with

-- Rule 7: a handoff has the key of a session but is not one. The columns are those of the segments.
final as (
    select * from {{ ref('int_kept_segments') }}
    where segment_kind = 'session'
)

select * -- noqa: AM04
from final
