select
    resource,
    extracted,
    loaded,
    quarantined,
    superseded,
    deleted,
    held_for_review,
    late,
    extracted_at
from ops.load_ledger
where
    tenant_id = $tenant_id
    and run_id = $run_id
    and attempt = $attempt
    and resource in (
        {{ texts("$resources") }}
    );
