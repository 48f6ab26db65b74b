select * from {{ source('help_desk', 'ratings') }}
