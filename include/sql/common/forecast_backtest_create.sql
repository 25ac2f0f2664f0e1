create or replace temporary table stage_backtest (
    actual double,
    mean double,
    seasonal_naive double,
    mean_13w double
);
