select * from {{ source('help_desk', 'claims') }}
