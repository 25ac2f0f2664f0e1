-- The watermark only grows: a backfill or a late run never moves it back.
merge into ops.watermark as target
using (
    select
        $tenant_id as tenant_id,
        $resource as resource,
        cast($cursor_value as timestamp_ntz) as cursor_value,
        $run_id as run_id,
        $fence as fence,
        cast($updated_at as timestamp_ntz) as updated_at
) as source
    on
        target.tenant_id = source.tenant_id
        and target.resource = source.resource
when matched and source.cursor_value > target.cursor_value then
    update set
        target.cursor_value = source.cursor_value,
        target.run_id = source.run_id,
        target.fence = source.fence,
        target.updated_at = source.updated_at
when not matched then
    insert (tenant_id, resource, cursor_value, run_id, fence, updated_at)
    values (
        source.tenant_id, source.resource, source.cursor_value, source.run_id, source.fence, source.updated_at
    );
