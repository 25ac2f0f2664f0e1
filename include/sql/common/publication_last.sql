-- What was published of a tenant, by whichever DAG.
select
    run_id,
    dag_id,
    published_at,
    last_complete_week,
    closes_week
from ops.publication
where tenant_id = $tenant_id
order by published_at desc;
