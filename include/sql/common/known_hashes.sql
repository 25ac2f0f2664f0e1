-- Key and content of the active rows, 64 bits each, so that an extraction can drop what has not changed and
-- notice what a complete read did not show.
select
    $resource as resource,
    {{ first_64_bits("md5(id)") }} as key64,
    {{ first_64_bits("_content_hash") }} as hash64
from raw.{{ table | ident }}
where
    tenant_id = $tenant_id
    and _deleted_at is null;
