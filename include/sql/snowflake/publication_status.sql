-- How fresh what readers see is, one row per tenant.
merge into published.publication_status as target
using (
    select
        $tenant_id as tenant_id,
        'fresh' as status,
        $run_id as run_id,
        $dag_id as dag_id,
        cast($published_at as timestamp_ntz) as published_at,
        cast(null as timestamp_ntz) as stale_since,
        cast(null as varchar) as stale_run_id,
        cast(null as varchar) as reason
) as source
    on target.tenant_id = source.tenant_id
when matched then
    update set
        target.status = source.status,
        target.run_id = source.run_id,
        target.dag_id = source.dag_id,
        target.published_at = source.published_at,
        target.verified_at = source.published_at,
        target.stale_since = source.stale_since,
        target.stale_run_id = source.stale_run_id,
        target.reason = source.reason
when not matched then
    insert (tenant_id, status, run_id, dag_id, published_at, verified_at)
    values (
        source.tenant_id,
        source.status,
        source.run_id,
        source.dag_id,
        source.published_at,
        source.published_at
    );
