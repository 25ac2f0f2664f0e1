-- How old the newest row of each table was at the last published runs. A gap that may still last is left out: its ages
-- grow from run to run, and would always make the next one look usual.
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

ages as (
    select
        metrics.table_name,
        metrics.metric,
        metrics.value,
        runs.source_now,
        {{ dateadd("millisecond", "-round(metrics.value * 3600000)", "runs.source_now") }} as newest_at
    from ops.dq_metric as metrics
    inner join published
        on metrics.run_id = published.run_id
    inner join ops.run as runs
        on
            metrics.tenant_id = runs.tenant_id
            and metrics.run_id = runs.run_id
    where
        metrics.tenant_id = $tenant_id
        and metrics.run_id <> $run_id
        and metrics.value is not null
        and metrics.metric = 'freshness_hours'
        and runs.source_now is not null
),

closed as (
    select *
    from ages
    qualify newest_at < {{ dateadd("second", -2, "max(newest_at) over (partition by table_name)") }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by table_name
            order by source_now desc
        ) as recency
    from closed
)

select
    table_name,
    metric,
    count(*) as runs,
    min(value) as lowest,
    max(value) as highest,
    max(case when recency = 1 then value end) as latest,
    coalesce({{ datediff("hour", "min(source_now)", "max(source_now)") }}, 0) as hours
from ranked
where recency <= 400
group by
    table_name,
    metric;
