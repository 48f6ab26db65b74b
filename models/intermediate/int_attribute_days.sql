with

closed_sessions as (
    select
        session_id,
        started_date,
        is_contained
    from {{ ref('int_segments_at_as_of') }}
    where segment_kind = 'session' and is_contained is not null
),

session_values as (
    select
        session_id,
        attribute,
        value
    from {{ ref('int_kept_attributes') }}
    where attribute <> 'bot_version'
),

names as (
    {% for name in var('attributes') %}
        select '{{ name }}' as attribute
        union all
    {% endfor %}
    select cast(null as {{ dbt.type_string() }}) as attribute
    where false
),

valued as (
    select
        names.attribute,
        closed_sessions.started_date,
        closed_sessions.session_id,
        closed_sessions.is_contained,
        session_values.value
    from names
    cross join closed_sessions
    left join session_values
        on
            closed_sessions.session_id = session_values.session_id
            and names.attribute = session_values.attribute
),

counted as (
    select
        attribute,
        value,
        started_date,
        count(*) as closed_sessions,
        count(case when is_contained then 1 end) as contained_sessions
    from valued
    group by attribute, value, started_date
),

ranked as (
    select
        attribute,
        value,
        row_number() over (partition by attribute order by sum(closed_sessions) desc, value asc) as place
    from counted
    where value is not null
    group by attribute, value
),

single_valued as (
    select attribute
    from valued
    group by attribute
    having count(*) = count(distinct session_id)
),

-- A session without a value is one of `none`, however many values are shown.
shown as (
    select
        counted.attribute,
        case
            when counted.value is null then 'none'
            when ranked.place <= {{ var('shown_attribute_values') }} then counted.value
            else 'others'
        end as shown_value,
        counted.started_date,
        single_valued.attribute is null as has_several_values,
        counted.closed_sessions,
        counted.contained_sessions
    from counted
    left join ranked
        on
            counted.attribute = ranked.attribute
            and counted.value = ranked.value
    left join single_valued
        on counted.attribute = single_valued.attribute
),

final as (
    select
        attribute,
        shown_value,
        started_date,
        has_several_values,
        cast(sum(closed_sessions) as bigint) as closed_sessions,
        cast(sum(contained_sessions) as bigint) as contained_sessions
    from shown
    group by attribute, shown_value, started_date, has_several_values
)

select * from final
