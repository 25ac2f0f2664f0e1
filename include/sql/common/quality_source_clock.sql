-- The source's own clock at the run: freshness is measured against it, not against ours.
select source_now
from ops.run
where
    tenant_id = $tenant_id
    and run_id = $run_id;
