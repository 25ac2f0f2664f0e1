insert into ops.dq_metric (
    tenant_id,
    run_id,
    table_name,
    metric,
    value,
    measured_at
) values (
    $tenant_id,
    $run_id,
    $table_name,
    $metric,
    $value,
    $measured_at
);
