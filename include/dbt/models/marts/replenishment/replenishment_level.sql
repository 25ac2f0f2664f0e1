{{ config(materialized='incremental') }}

with demand as (

    select * from {{ ref('int_protection_demand') }}

),

sums as (

    select * from {{ ref('int_forecast_sums') }}

),

-- How far the quantiles of sums as long as the period and as the outlook lie above their means.
forecast_distances as (

    select
        sums.tenant_id,
        sums.article_number,
        sums.branch_number,
        sum(
            {{ share_of_sum('demand.protection_weeks', 'sums.periods', 'sums.longest') }} * (
                {{ quantile_at(
                    'demand.service_factor', 'sums.quantile_50', 'sums.quantile_80', 'sums.quantile_95'
                ) }} - sums.mean
            )
        ) as protection_spread,
        sum(
            {{ share_of_sum('demand.protection_weeks', 'sums.periods', 'sums.longest') }}
            * (sums.quantile_95 - sums.mean) / 1.6449
        ) as protection_deviation,
        sum(
            {{ share_of_sum('demand.horizon_weeks', 'sums.periods', 'sums.longest') }} * (
                {{ quantile_at(
                    'demand.service_factor', 'sums.quantile_50', 'sums.quantile_80', 'sums.quantile_95'
                ) }} - sums.mean
            )
        ) as horizon_spread
    from sums
    inner join demand
        on
            sums.tenant_id = demand.tenant_id
            and sums.article_number = demand.article_number
            and sums.branch_number = demand.branch_number
    where demand.demand_source = 'forecast'
    group by sums.tenant_id, sums.article_number, sums.branch_number

),

distances as (

    select
        demand.*,
        coalesce(
            forecast_distances.protection_deviation,
            {{ deviation_around_average('demand.weekly_deviation', 'demand.protection_weeks') }}
        ) as protection_deviation,
        coalesce(
            forecast_distances.protection_spread,
            demand.service_factor
            * {{ deviation_around_average('demand.weekly_deviation', 'demand.protection_weeks') }}
        ) as protection_spread,
        coalesce(
            forecast_distances.horizon_spread,
            demand.service_factor
            * {{ deviation_around_average('demand.weekly_deviation', 'demand.horizon_weeks') }}
        ) as horizon_spread
    from demand
    left join forecast_distances
        on
            demand.tenant_id = forecast_distances.tenant_id
            and demand.article_number = forecast_distances.article_number
            and demand.branch_number = forecast_distances.branch_number

)

select
    tenant_id,
    article_number,
    branch_number,
    demand_source,
    cast(horizon_days as integer) as horizon_days,
    round(horizon_units, 6) as horizon_units,
    round(greatest(horizon_spread, 0), 6) as horizon_spread,
    round(daily_units_after_horizon, 6) as daily_units_after_horizon,
    protection_days,
    round(service_factor, 6) as service_factor,
    round(lead_units, 6) as lead_units,
    round(protection_units, 6) as protection_units,
    -- A lead time that varies adds the demand of the days it is longer.
    round(sqrt(
        power(greatest(protection_spread, 0), 2)
        + power(service_factor * lead_time_deviation_days * protection_units / protection_days, 2)
    ), 6) as protection_spread,
    round(sqrt(
        power(greatest(protection_deviation, 0), 2)
        + power(lead_time_deviation_days * protection_units / protection_days, 2)
    ), 6) as protection_deviation
from distances
