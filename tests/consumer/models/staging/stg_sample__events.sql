select * from {{ source('help_desk', 'events') }}
