-- Hashes of contents that an older release left unkeyed: a keyed one is longer, since it ends with the name of its key.
select distinct _content_hash as content_hash
from raw.{{ table | ident }}
where
    tenant_id = $tenant_id
    and length(_content_hash) = 32
    and left(_content_hash, 1) = $digit;
