create or replace temporary table stage_backtest (
    actual float,
    mean float,
    seasonal_naive float,
    mean_13w float
);
