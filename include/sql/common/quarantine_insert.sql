insert into ops.quarantine (
    tenant_id,
    resource,
    run_id,
    attempt,
    row_number,
    source_id,
    reason,
    payload,
    quarantined_at,
    extracted_at
)
select
    $tenant_id as tenant_id,
    $resource as resource,
    $run_id as run_id,
    $attempt as attempt,
    row_number,
    source_id,
    reason,
    payload,
    $quarantined_at as quarantined_at,
    $extracted_at as extracted_at
from stage_quarantine;
