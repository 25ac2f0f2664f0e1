-- The key that the tenant's rows were written with; null while a change of the key waits for the next run.
select
    key_id,
    since
from ops.hash_key
where tenant_id = $tenant_id;
