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
    $checked_at as checked_at
from (select unnest($outcomes, recursive := true)) as found;
