-- All results of a gate at once: a statement for each would take longer than the checks.
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
)
select
    $tenant_id as tenant_id,
    $run_id as run_id,
    $gate as gate,
    found.suite,
    found.expectation,
    found.column_name,
    found.severity,
    found.success,
    found.observed,
    found.details,
    cast($checked_at as {{ timestamp_type() }}) as checked_at
from (
    {{ records("$outcomes", {
        "suite": "varchar",
        "expectation": "varchar",
        "column_name": "varchar",
        "severity": "varchar",
        "success": "boolean",
        "observed": "varchar",
        "details": "varchar"
    }) }}
) as found;
