select count(*) as row_count
from raw.{{ table | ident }}
where
    tenant_id = $tenant_id
    and _deleted_at is null;
