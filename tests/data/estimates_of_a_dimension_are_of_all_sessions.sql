-- Each dimension of an estimated period shares out the same contained sessions.
with

along_each_dimension as (
    select
        period_kind,
        period_start_date,
        dimension,
        sum(contained_sessions) as contained_sessions,
        sum(returned_sessions) as returned_sessions
    from {{ ref('durable_estimates') }}
    group by period_kind, period_start_date, dimension
)

select dimensions.*
from along_each_dimension as dimensions
left join along_each_dimension as whole
    on
        dimensions.period_kind = whole.period_kind
        and dimensions.period_start_date = whole.period_start_date
        and whole.dimension = 'all'
where
    dimensions.contained_sessions is distinct from whole.contained_sessions
    or dimensions.returned_sessions is distinct from whole.returned_sessions
