{{ config(materialized='kept') }}

-- Written last: a conversation has a state only when every table that is kept holds its cut.
-- depends_on: {{ ref('int_kept_conversations') }}
-- depends_on: {{ ref('int_kept_segments') }}
-- depends_on: {{ ref('int_kept_messages') }}
-- depends_on: {{ ref('int_kept_rejected_rows') }}
-- depends_on: {{ ref('int_kept_findings') }}
-- depends_on: {{ ref('int_kept_timeouts') }}
select * from {{ ref('int_cut_states') }}
