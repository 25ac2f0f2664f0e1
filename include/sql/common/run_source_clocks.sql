-- The source's clock in each read that a run has loaded.
select source_now
from ops.load_ledger
where
    tenant_id = $tenant_id
    and run_id = $run_id
    and source_now is not null
order by source_now;
