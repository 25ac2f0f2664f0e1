-- Forecasts that are too old for any formula.
delete from {{ relation }}
where origin_week < $origin_week;
