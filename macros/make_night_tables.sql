{# What the nightly knows of earlier nights (models/marts/_night__sources.yml): empty tables where it has put none. #}
{% macro make_night_tables() -%}
    {% if execute %}
        {% for table in graph.sources.values() | selectattr('source_name', 'equalto', 'night') %}
            {% set columns = [] %}
            {% for name, column in table.columns.items() %}{% do columns.append(name ~ ' ' ~ column.data_type) %}{% endfor %}
            {% do adapter.create_schema(api.Relation.create(database=table.database, schema=table.schema)) %}
            {% do run_query('create table if not exists ' ~ table.relation_name ~ ' (' ~ columns | join(', ') ~ ')') %}
            {% do add_columns(table.relation_name, columns) %}
        {% endfor %}
        {# What is built from here on has not been tested. #}
        {% do run_query('drop table if exists raw.night_judged') %}
    {% endif %}
{%- endmacro %}

{# A warehouse that an older version began lacks the columns that came since. #}
{% macro add_columns(table, columns) -%}
    {{ return(adapter.dispatch('add_columns')(table, columns)) }}
{%- endmacro %}

{% macro default__add_columns(table, columns) -%}
    {%- do run_query(
        'alter table ' ~ table ~ ' add column if not exists ' ~ columns | join('; alter table ' ~ table ~ ' add column if not exists ')
    ) -%}
{%- endmacro %}

{# Without a nightly there, the tables are empty; a schema that is older is dropped by hand. #}
{% macro spark__add_columns(table, columns) -%} {%- endmacro %}
