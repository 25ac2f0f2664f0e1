-- A run that another warehouse began: known here from its manifest on, with the start the manifest belongs to.
merge into ops.run as target
using (
    select
        $tenant_id as tenant_id,
        $run_id as run_id,
        $dag_id as dag_id,
        $fence as fence,
        cast($started_at as timestamp_ntz) as started_at
) as source
    on
        target.tenant_id = source.tenant_id
        and target.run_id = source.run_id
when not matched then
    insert (tenant_id, run_id, dag_id, fence, started_at)
    values (source.tenant_id, source.run_id, source.dag_id, source.fence, source.started_at);
