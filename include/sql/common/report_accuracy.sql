-- The newest backtest of the forecast: its error beside that of two simple rules, and beside the error of all known weeks
-- and of what was published.
select
    max(case when metric = 'wape_model' then value end) as wape_model,
    max(case when metric = 'wape_seasonal_naive' then value end) as wape_seasonal_naive,
    max(case when metric = 'wape_mean_13w' then value end) as wape_mean_13w,
    max(case when metric = 'bias_model' then value end) as bias_model,
    max(case when metric = 'backtest_known_wape' then value end) as known_wape,
    max(case when metric = 'backtest_known_bias' then value end) as known_bias,
    max(case when metric = 'backtest_left_out_units' then value end) as left_out_units,
    max(case when metric = 'live_wape' then value end) as live_wape,
    max(case when metric = 'live_bias' then value end) as live_bias,
    max(case when metric = 'live_left_out_units' then value end) as live_left_out_units
from ops.model_monitor
where
    tenant_id = $tenant_id
    and measured_at = (
        select max(newest.measured_at)
        from ops.model_monitor as newest
        where newest.tenant_id = $tenant_id
    )
having count(*) > 0;
