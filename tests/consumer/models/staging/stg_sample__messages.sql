select
    *,
    case when bot_version <> '' then '{"bot_version": ["' || bot_version || '"]}' end as attributes
from {{ source('help_desk', 'messages') }}
