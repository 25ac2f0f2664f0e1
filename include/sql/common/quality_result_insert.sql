insert into ops.dq_result (
    tenant_id,
    run_id,
    gate,
    suite,
    expectation,
    column_name,
    severity,
    success,
    observed,
    details,
    checked_at
) values (
    $tenant_id,
    $run_id,
    $gate,
    $suite,
    $expectation,
    $column_name,
    $severity,
    $success,
    $observed,
    $details,
    $checked_at
);
