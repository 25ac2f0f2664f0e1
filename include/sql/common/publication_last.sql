select
    run_id,
    dag_id,
    last_complete_week,
    closes_week
from ops.publication
where
    tenant_id = $tenant_id
    and dag_id = $dag_id
order by published_at desc;
