{# The tables in which the nightly run passes on earlier nights (models/marts/_night__sources.yml). Those that it has
   not written are created empty. #}
{% macro make_night_tables() -%}
    {% if execute %}
        {% for table in graph.sources.values() | selectattr('source_name', 'equalto', 'night') %}
            {% set columns = [] %}
            {% for name, column in table.columns.items() %}{% do columns.append(name ~ ' ' ~ column.data_type) %}{% endfor %}
            {% do adapter.create_schema(api.Relation.create(database=table.database, schema=table.schema)) %}
            {% do run_query('create table if not exists ' ~ table.relation_name ~ ' (' ~ columns | join(', ') ~ ')') %}
            {% do add_columns(table.relation_name, columns) %}
        {% endfor %}
        {# Nothing that this run builds has been tested yet. #}
        {% set runs = plain_table(source('night', 'night_runs')) %}
        {% do run_query('drop table if exists ' ~ runs.incorporate(path={'identifier': 'night_judged'})) %}
    {% endif %}
{%- endmacro %}

{# A warehouse begun by an older version lacks newer columns. #}
{% macro add_columns(table, columns) -%}
    {{ return(adapter.dispatch('add_columns', 'containment')(table, columns)) }}
{%- endmacro %}

{% macro default__add_columns(table, columns) -%}
    {%- do run_query(
        'alter table ' ~ table ~ ' add column if not exists ' ~ columns | join('; alter table ' ~ table ~ ' add column if not exists ')
    ) -%}
{%- endmacro %}

{# No nightly run writes these tables there, so they are empty. Drop an older schema by hand. #}
{% macro spark__add_columns(table, columns) -%} {%- endmacro %}
