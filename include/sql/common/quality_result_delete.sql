delete from ops.dq_result
where
    tenant_id = $tenant_id
    and run_id = $run_id
    and gate = $gate;
