{# A raw time as a UTC timestamp; null where it cannot be read or lies outside the years 1 to 9999. #}
{% macro utc_timestamp(column) -%}
    {%- set parsed = adapter.dispatch('parsed_time')(column) -%}
    case when {{ parsed }} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999' then {{ parsed }} end
{%- endmacro %}

{# A plain cast of '2026-01-01T09:00:00-07:00' to timestamp would drop the offset without a word. typeof is known when the
   query is planned, so a column that is a timestamp already costs nothing. #}
{% macro default__parsed_time(column) -%}
    case
        when typeof({{ column }}) = 'TIMESTAMP' then try_cast({{ column }} as timestamp)
        else try_cast({{ column }} as timestamptz) at time zone 'UTC'
    end
{%- endmacro %}

{# Spark's cast honours an offset, but it would also read a year, a time of today, or 'now': so the text must look like a
   date, with or without a time and an offset or zone. 2026/10/05 is a date too. #}
{% macro spark__parsed_time(column) -%}
    {%- set date = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}' -%}
    {%- set time = '[ T][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?)?' -%}
    {%- set zone = 'Z|[+-][0-9]{2}(:?[0-9]{2})?| [A-Za-z_/]+' -%}
    {%- set written -%}
        regexp_replace(cast({{ column }} as string), '^( *[0-9]{4})/([0-9]{1,2})/', '$1-$2-')
    {%- endset -%}
    case
        when typeof({{ column }}) = 'timestamp' then try_cast({{ column }} as timestamp)
        when {{ written }} rlike '^ *{{ date }}({{ time }}({{ zone }})?)? *$' then try_cast({{ written }} as timestamp)
    end
{%- endmacro %}
