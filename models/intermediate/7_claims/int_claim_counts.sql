{{ config(materialized='replaced_view') }}

{{ counts_of_optional_rows('claims', rows=ref('int_claim_rows'), used=ref('int_claims')) }}
