{# Rule 8: the customer is the person whom `identities` gives, or else the customer of the source. The conversation stands
   in for an unknown customer. #}
{% macro customer_key(source, customer_id, person_id, conversation_id) -%}
    case
        when {{ person_id }} is not null then concat('person ', {{ person_id }})
        when {{ customer_id }} is not null then concat('customer of ', {{ source }}, ' ', {{ customer_id }})
        else concat('conversation of ', {{ source }}, ' ', {{ conversation_id }})
    end
{%- endmacro %}
