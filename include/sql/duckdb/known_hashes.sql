-- Content of the living rows, as 64 bits each, so that an extraction can drop what has not changed.
select
    $resource as resource,
    cast('0x' || left(_content_hash, 16) as ubigint) as hash64
from raw.{{ table | ident }}
where
    tenant_id = $tenant_id
    and _deleted_at is null;
