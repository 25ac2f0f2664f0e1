-- A start of a run takes the next fence; starting a run again makes its older attempts unloadable.
merge into ops.run as target
using (
    select
        $tenant_id as tenant_id,
        $run_id as run_id,
        $dag_id as dag_id,
        1 as fence,
        cast($started_at as timestamp_ntz) as started_at
) as source
    on
        target.tenant_id = source.tenant_id
        and target.run_id = source.run_id
when matched then
    update set
        target.fence = target.fence + 1,
        target.started_at = source.started_at
when not matched then
    insert (tenant_id, run_id, dag_id, fence, started_at)
    values (source.tenant_id, source.run_id, source.dag_id, source.fence, source.started_at);
