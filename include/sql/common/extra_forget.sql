-- Values of undeclared fields, which older releases kept; names and types come back with the next read that shows them.
update raw.{{ table | ident }}
set _extra = null
where
    tenant_id = $tenant_id
    and _extra is not null;
