select fence
from ops.run
where
    tenant_id = ?
    and run_id = ?;
