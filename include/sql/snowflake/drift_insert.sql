-- One changelog row when a field appears or vanishes; nothing while that stays so.
insert into ops.schema_drift (tenant_id, resource, column_name, change, row_count, run_id, detected_at)
select
    $tenant_id as tenant_id,
    $resource as resource,
    $column_name as column_name,
    $change as change,
    $row_count as row_count,
    $run_id as run_id,
    $detected_at as detected_at
from (select 1 as one_row) as single
where not exists (
    select 1
    from (
        select change
        from ops.schema_drift
        where
            tenant_id = $tenant_id
            and resource = $resource
            and column_name = $column_name
        order by detected_at desc
        limit 1
    ) as latest
    where latest.change = $change
);
