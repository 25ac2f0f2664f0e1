-- Which forecasts the marts read.
with stamped as (
    select
        'weekly' as part,
        run_id,
        created_at as stamped_at
    from analytics.forecast_weekly
    where tenant_id = $tenant_id
    union all
    select
        'protection' as part,
        run_id,
        created_at as stamped_at
    from analytics.forecast_protection
    where tenant_id = $tenant_id
    union all
    select
        'accuracy' as part,
        run_id,
        measured_at as stamped_at
    from analytics.forecast_accuracy
    where tenant_id = $tenant_id
)

select
    part,
    count(*) as row_count,
    count(distinct run_id) as run_count,
    max(stamped_at) as stamped_at
from stamped
group by part
order by part;
