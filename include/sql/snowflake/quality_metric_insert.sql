-- All metrics of a gate at once.
insert into ops.dq_metric (
    tenant_id,
    run_id,
    table_name,
    metric,
    value,
    measured_at
)
select
    $tenant_id as tenant_id,
    $run_id as run_id,
    cast(measured.value:table_name as varchar) as table_name,
    cast(measured.value:metric as varchar) as metric,
    cast(measured.value:value as float) as value,
    cast($measured_at as timestamp_ntz) as measured_at
from table(flatten(input => parse_json($measures))) as measured;
