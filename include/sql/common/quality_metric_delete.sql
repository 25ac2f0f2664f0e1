delete from ops.dq_metric
where
    tenant_id = $tenant_id
    and run_id = $run_id
    and table_name in (
        {{ texts("$tables") }}
    );
