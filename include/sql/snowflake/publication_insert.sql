merge into ops.publication as target
using (
    select
        $tenant_id as tenant_id,
        $run_id as run_id,
        $dag_id as dag_id,
        cast($published_at as timestamp_ntz) as published_at,
        cast($last_complete_week as date) as last_complete_week,
        cast($closes_week as boolean) as closes_week,
        cast($basis as varchar) as basis
) as source
    on
        target.tenant_id = source.tenant_id
        and target.run_id = source.run_id
        and target.dag_id = source.dag_id
when matched then
    update set
        target.published_at = source.published_at,
        target.basis = source.basis,
        target.verified_at = source.published_at
when not matched then
    insert (tenant_id, run_id, dag_id, published_at, last_complete_week, closes_week, basis, verified_at)
    values (
        source.tenant_id,
        source.run_id,
        source.dag_id,
        source.published_at,
        source.last_complete_week,
        source.closes_week,
        source.basis,
        source.published_at
    );
