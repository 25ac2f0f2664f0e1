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
    cast(found.value:suite as varchar) as suite,
    cast(found.value:expectation as varchar) as expectation,
    cast(found.value:column_name as varchar) as column_name,
    cast(found.value:severity as varchar) as severity,
    cast(found.value:success as boolean) as success,
    cast(found.value:observed as varchar) as observed,
    cast(found.value:details as varchar) as details,
    cast($checked_at as timestamp_ntz) as checked_at
from table(flatten(input => parse_json($outcomes))) as found;
