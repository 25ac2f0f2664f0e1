insert into ops.quarantine
select
    $tenant_id as tenant_id,
    $resource as resource,
    $run_id as run_id,
    $attempt as attempt,
    row_number,
    source_id,
    reason,
    payload,
    $quarantined_at as quarantined_at
from stage_quarantine;
