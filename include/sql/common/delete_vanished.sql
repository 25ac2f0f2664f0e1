-- Soft delete: the row stays, with the time since when the source no longer shows it and the read that missed it.
update raw.{{ table | ident }}
set
    _deleted_at = $loaded_at,
    _extracted_at = $read_at,
    _loaded_at = $loaded_at
where
    tenant_id = $tenant_id
    and id in (select vanished.id from vanished_{{ table | ident }} as vanished);
