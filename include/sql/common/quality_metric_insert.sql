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
    measured.table_name,
    measured.metric,
    measured.value,
    cast($measured_at as {{ timestamp_type() }}) as measured_at
from (
    {{ records("$measures", {"table_name": "varchar", "metric": "varchar", "value": "double"}) }}
) as measured;
