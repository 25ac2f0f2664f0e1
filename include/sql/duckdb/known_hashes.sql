-- Key and content of the active rows, 64 bits each, so that an extraction can drop what has not changed and
-- notice what a complete read did not show.
select
    $resource as resource,
    cast('0x' || left(md5(id), 16) as ubigint) as key64,
    cast('0x' || left(_content_hash, 16) as ubigint) as hash64
from raw.{{ table | ident }}
where
    tenant_id = $tenant_id
    and _deleted_at is null;
