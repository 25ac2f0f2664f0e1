-- What readers have of a DAG, and what it was made from.
select
    run_id,
    published_at,
    basis
from ops.publication
where
    tenant_id = $tenant_id
    and dag_id = $dag_id
order by published_at desc
limit 1;
