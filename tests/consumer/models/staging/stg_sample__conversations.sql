select
    *,
    nullif(
        '{' || concat_ws(
            ', ',
            case when language <> '' then '"language": ["' || language || '"]' end,
            case when variant <> '' then '"variant": ["' || variant || '"]' end
        ) || '}',
        '{}'
    ) as attributes
from {{ source('help_desk', 'conversations') }}
