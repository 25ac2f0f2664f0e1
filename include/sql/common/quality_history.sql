-- What each metric was in the last published runs of a tenant before this one. Runs that readers never saw set no
-- standard: a table that shrank would otherwise be usual one run later. Once a person has accepted that rows are deleted,
-- older row counts say nothing.
with published as (
    select run_id
    from ops.publication
    where tenant_id = $tenant_id
    union distinct
    select run_id
    from ops.run
    where
        tenant_id = $tenant_id
        and skip_reason is not null
),

accepted as (
    select max(used_at) as accepted_at
    from ops.delete_approval
    where tenant_id = $tenant_id
),

measured as (
    select
        metrics.table_name,
        metrics.metric,
        metrics.value,
        runs.source_now,
        row_number() over (
            partition by metrics.table_name, metrics.metric
            order by metrics.measured_at desc
        ) as recency
    from ops.dq_metric as metrics
    inner join published
        on metrics.run_id = published.run_id
    cross join accepted
    left join ops.run as runs
        on
            metrics.tenant_id = runs.tenant_id
            and metrics.run_id = runs.run_id
    where
        metrics.tenant_id = $tenant_id
        and metrics.run_id <> $run_id
        and metrics.value is not null
        and metrics.metric <> 'freshness_hours'
        and (
            metrics.metric <> 'rows'
            or accepted.accepted_at is null
            or metrics.measured_at > accepted.accepted_at
        )
)

select
    table_name,
    metric,
    count(*) as runs,
    min(value) as lowest,
    max(value) as highest,
    max(case when recency = 1 then value end) as latest,
    coalesce({{ datediff("hour", "min(source_now)", "max(source_now)") }}, 0) as hours
from measured
where recency <= 30
group by
    table_name,
    metric;
