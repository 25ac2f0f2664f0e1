delete from ops.model_monitor
where
    tenant_id = $tenant_id
    and run_id = $run_id;
