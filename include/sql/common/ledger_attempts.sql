-- The greatest number of an attempt of a run that was loaded.
select coalesce(max(attempt), 0) as attempts
from ops.load_ledger
where
    tenant_id = $tenant_id
    and run_id = $run_id;
