{{ config(materialized='replaced_view') }}

{{ counts_of_optional_rows('ratings', rows=ref('int_rating_rows'), used=ref('int_ratings')) }}
