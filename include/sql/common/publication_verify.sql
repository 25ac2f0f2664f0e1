-- What readers have is what a build would give them now.
update ops.publication
set verified_at = $verified_at
where
    tenant_id = $tenant_id
    and dag_id = $dag_id
    and run_id = $published_by;
