insert into ops.schema_drift (tenant_id, resource, column_name, change, row_count, run_id, detected_at)
select
    $tenant_id as tenant_id,
    $resource as resource,
    $column_name as column_name,
    $change as change,
    $row_count as row_count,
    $run_id as run_id,
    $detected_at as detected_at;
