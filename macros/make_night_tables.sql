{# What the nightly knows of earlier nights (models/marts/_night__sources.yml): empty tables where it has put none. #}
{% macro make_night_tables() -%}
    {% if execute %}
        {% for table in graph.sources.values() | selectattr('source_name', 'equalto', 'night') %}
            {% set columns = [] %}
            {% for name, column in table.columns.items() %}{% do columns.append(name ~ ' ' ~ column.data_type) %}{% endfor %}
            {% do adapter.create_schema(api.Relation.create(database=table.database, schema=table.schema)) %}
            {% do run_query('create table if not exists ' ~ table.relation_name ~ ' (' ~ columns | join(', ') ~ ')') %}
        {% endfor %}
    {% endif %}
{%- endmacro %}
