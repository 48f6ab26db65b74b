{# A raw time as a UTC timestamp; null where it cannot be read or lies outside the years 1 to 9999. #}
{% macro utc_timestamp(column) -%}
    {%- set parsed = adapter.dispatch('parsed_time', 'containment')(column) -%}
    case when {{ parsed }} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999' then {{ parsed }} end
{%- endmacro %}

{# A plain cast of '2026-01-01T09:00:00-07:00' to timestamp would drop the offset silently. typeof is known when the
   query is planned, so a column that is already a timestamp costs nothing. #}
{% macro default__parsed_time(column) -%}
    {%- set written -%} trim(cast({{ column }} as varchar)) {%- endset -%}
    case
        when typeof({{ column }}) = 'TIMESTAMP' then try_cast({{ column }} as timestamp)
        when regexp_full_match({{ written }}, '{{ time_shape() }}')
            then coalesce(
                try_cast({{ written }} as timestamptz), try_cast({{ plain_time(written, '\\1') }} as timestamptz)
            ) at time zone 'UTC'
    end
{%- endmacro %}

{# Spark's cast honours an offset like DuckDB's, but does not read / in a date. #}
{% macro spark__parsed_time(column) -%}
    {%- set written -%} trim(cast({{ column }} as string)) {%- endset -%}
    case
        when typeof({{ column }}) = 'timestamp' then try_cast({{ column }} as timestamp)
        when {{ written }} rlike '^({{ time_shape() }})$'
            then try_cast(
                regexp_replace({{ plain_time(written, '$1') }}, '^([0-9]+)/([0-9]+)/', '$1-$2-') as timestamp
            )
    end
{%- endmacro %}
