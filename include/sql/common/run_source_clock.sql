update ops.run
set
    source_now = $source_now,
    as_of_date = $as_of_date
where
    tenant_id = $tenant_id
    and run_id = $run_id;
