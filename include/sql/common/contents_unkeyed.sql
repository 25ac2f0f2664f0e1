-- Hashes of contents that an older release left unkeyed: a keyed one ends with a dot and the name of its key.
select distinct _content_hash as content_hash
from raw.{{ table | ident }}
where
    tenant_id = $tenant_id
    and _content_hash not like '%.%'
    and left(_content_hash, 1) = $digit;
