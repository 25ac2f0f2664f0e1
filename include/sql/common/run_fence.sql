select fence
from ops.run
where
    tenant_id = $tenant_id
    and run_id = $run_id;
