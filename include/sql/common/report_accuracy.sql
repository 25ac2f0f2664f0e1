-- The newest backtest of the forecast: its error beside that of two simple rules.
select
    max(case when metric = 'wape_model' then value end) as wape_model,
    max(case when metric = 'wape_seasonal_naive' then value end) as wape_seasonal_naive,
    max(case when metric = 'wape_mean_13w' then value end) as wape_mean_13w
from ops.model_monitor
where
    tenant_id = $tenant_id
    and measured_at = (
        select max(newest.measured_at)
        from ops.model_monitor as newest
        where newest.tenant_id = $tenant_id
    )
having count(*) > 0;
