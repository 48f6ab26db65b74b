{{ config(materialized='replaced_view') }}

with

final as (
    select
        source,
        table_name,
        nullif(conversation_id, '') as conversation_id,
        row_id,
        reason,
        row_json
    from {{ ref('int_kept_rejected_rows') }}
    union all
    select
        source,
        'ratings' as table_name,
        conversation_id,
        rating_id as row_id,
        reject_reason as reason,
        rejected_row_json as row_json
    from {{ ref('int_rating_rows') }}
    where reject_reason is not null
    union all
    select
        source,
        'claims' as table_name,
        conversation_id,
        claim_id as row_id,
        reject_reason as reason,
        rejected_row_json as row_json
    from {{ ref('int_claim_rows') }}
    where reject_reason is not null
    union all
    select
        'identities' as source,
        'identities' as table_name,
        cast(null as {{ dbt.type_string() }}) as conversation_id,
        customer_id as row_id,
        reject_reason as reason,
        {{ json_object({'source': 'source', 'customer_id': 'customer_id', 'person_id': 'person_id'}) }} as row_json
    from {{ ref('int_identities') }}
    where reject_reason is not null
    union all
    select
        source,
        table_name,
        cast(null as {{ dbt.type_string() }}) as conversation_id,
        concat(file_name, ' line ', line_number) as row_id,
        reason,
        {{ json_object({'file': 'file_name', 'line': 'cast(line_number as ' ~ dbt.type_string() ~ ')'}) }} as row_json
    from {{ source('night', 'night_unreadable_lines') }}
)

select * from final
