-- WAPE: absolute errors over all series, origins and weeks, divided by what was sold.
select
    sum(abs(actual - mean)) / nullif(sum(abs(actual)), 0) as wape_model,
    sum(abs(actual - seasonal_naive)) / nullif(sum(abs(actual)), 0) as wape_seasonal_naive,
    sum(abs(actual - mean_13w)) / nullif(sum(abs(actual)), 0) as wape_mean_13w,
    sum(mean - actual) / nullif(sum(abs(actual)), 0) as bias_model
from stage_backtest;
