-- The newest backtest of the forecast: its error beside that of two simple rules.
select
    max(value) filter (where metric = 'wape_model') as wape_model,
    max(value) filter (where metric = 'wape_seasonal_naive') as wape_seasonal_naive,
    max(value) filter (where metric = 'wape_mean_13w') as wape_mean_13w
from ops.model_monitor
where measured_at = (select max(newest.measured_at) from ops.model_monitor as newest)
having count(*) > 0;
