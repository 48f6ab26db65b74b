select
    *,
    cast(null as varchar) as attributes
from {{ source('help_desk', 'conversations') }}
