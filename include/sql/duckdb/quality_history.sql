-- What each metric was in the last runs of a tenant before this one.
with recent as (
    select
        table_name,
        metric,
        value,
        row_number() over (partition by table_name, metric order by measured_at desc) as recency
    from ops.dq_metric
    where
        tenant_id = $tenant_id
        and run_id <> $run_id
        and value is not null
)

select
    table_name,
    metric,
    count(*) as runs,
    max(value) as highest,
    max(value) filter (where recency = 1) as latest
from recent
where recency <= 30
group by table_name, metric;
