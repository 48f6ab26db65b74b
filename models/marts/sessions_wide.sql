{{ config(materialized='replaced_view', enabled=var('attributes') | length > 0) }}

with

joined_values as (
    select
        session_id,
        {% for name in var('attributes') %}
            {{ listed_texts("case when attribute = '" ~ name ~ "' then value end") }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('session_attributes') }}
    group by session_id
),

final as (
    select
        sessions.*,
        {% for name in var('attributes') %}
            joined_values.{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('sessions') }} as sessions
    left join joined_values
        on sessions.session_id = joined_values.session_id
)

select * from final
