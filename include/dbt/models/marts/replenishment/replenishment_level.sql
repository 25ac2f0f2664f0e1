{{ config(materialized='incremental') }}

with forecasts as (

    select * from {{ source('forecast', 'forecast_protection') }}
    where tenant_id = {{ tenant_id() }}

),

outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select
        *,
        lead_time_days + review_days as protection_days,
        greatest({{ normal_quantile('service_level') }}, 0) as service_factor
    from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

-- How many days of each week lie within the lead time and within the protection period, both from today.
weeks as (

    select
        outlook.*,
        policies.protection_days,
        least(outlook.day_count, greatest(policies.lead_time_days - outlook.first_day, 0)) as lead_days,
        least(outlook.day_count, greatest(policies.protection_days - outlook.first_day, 0)) as covered_days,
        greatest(outlook.quantile_95 - outlook.mean_units, 0) / 1.6449 as deviation,
        row_number() over (
            partition by outlook.tenant_id, outlook.article_number, outlook.branch_number
            order by outlook.week_start desc
        ) as week_from_last
    from outlook
    inner join policies
        on
            outlook.tenant_id = policies.tenant_id
            and outlook.article_number = policies.article_number

),

summed as (

    select
        tenant_id,
        article_number,
        branch_number,
        min(demand_source) as demand_source,
        max(first_day + day_count) as horizon_days,
        sum(mean_units * day_count / 7) as horizon_mean,
        sum(mean_units * lead_days / 7) as lead_mean,
        sum(mean_units * covered_days / 7) as covered_mean,
        avg(deviation) as weekly_deviation,
        -- Beyond the forecast, demand goes on as in its last four weeks.
        avg(case when week_from_last <= 4 then mean_units end) as last_mean
    from weeks
    group by tenant_id, article_number, branch_number

),

extended as (

    select
        summed.tenant_id,
        summed.article_number,
        summed.branch_number,
        summed.demand_source,
        policies.service_factor,
        policies.protection_days,
        policies.protection_days / 7 as protection_weeks,
        policies.lead_time_deviation_days,
        summed.horizon_days,
        cast(summed.horizon_days as double) / 7 as horizon_weeks,
        summed.horizon_mean,
        summed.weekly_deviation,
        summed.last_mean / 7 as daily_units_after_horizon,
        summed.lead_mean
        + greatest(policies.lead_time_days - summed.horizon_days, 0) / 7 * summed.last_mean as lead_mean,
        summed.covered_mean
        + greatest(policies.protection_days - summed.horizon_days, 0) / 7 * summed.last_mean
            as protection_mean
    from summed
    inner join policies
        on
            summed.tenant_id = policies.tenant_id
            and summed.article_number = policies.article_number

),

newest as (

    select
        tenant_id,
        max(origin_week) as origin_week
    from forecasts
    group by tenant_id

),

-- Each week's quantiles come from the errors of a few origins. What moves a level up is ordered and what moves it down
-- leaves stock behind, so the distances from the mean are those of several weeks' forecasts together, in proportion to
-- the root of the mean, with which the deviation of counts goes.
recent as (

    select
        forecasts.tenant_id,
        forecasts.article_number,
        forecasts.branch_number,
        forecasts.periods,
        max(case when forecasts.origin_week = newest.origin_week then forecasts.mean end) as mean,
        sum(sqrt(greatest(forecasts.mean, 0.1))) as roots,
        sum(forecasts.quantile_50 - forecasts.mean) as distances_50,
        sum(forecasts.quantile_80 - forecasts.mean) as distances_80,
        sum(forecasts.quantile_95 - forecasts.mean) as distances_95
    from forecasts
    inner join newest
        on forecasts.tenant_id = newest.tenant_id
    where forecasts.origin_week > {{ add_days('newest.origin_week', '-7 * ' ~ var('safety_weeks')) }}
    group by forecasts.tenant_id, forecasts.article_number, forecasts.branch_number, forecasts.periods

),

-- More weeks never sell less.
sums as (

    select
        tenant_id,
        article_number,
        branch_number,
        periods,
        mean,
        {% for level in (50, 80, 95) -%}
        max(mean + distances_{{ level }} * sqrt(greatest(mean, 0.1)) / roots) over (
            partition by tenant_id, article_number, branch_number
            order by periods
            rows between unbounded preceding and current row
        ) as quantile_{{ level }},
        {% endfor -%}
        max(periods) over (partition by tenant_id, article_number, branch_number) as longest
    from recent
    where mean is not null

),

-- How far the quantiles of sums as long as the period and as the outlook lie above their means.
forecast_distances as (

    select
        sums.tenant_id,
        sums.article_number,
        sums.branch_number,
        sum(
            {{ share_of_sum('extended.protection_weeks', 'sums.periods', 'sums.longest') }} * (
                {{ quantile_at(
                    'extended.service_factor', 'sums.quantile_50', 'sums.quantile_80', 'sums.quantile_95'
                ) }} - sums.mean
            )
        ) as protection_spread,
        sum(
            {{ share_of_sum('extended.protection_weeks', 'sums.periods', 'sums.longest') }}
            * (sums.quantile_95 - sums.mean) / 1.6449
        ) as protection_deviation,
        sum(
            {{ share_of_sum('extended.horizon_weeks', 'sums.periods', 'sums.longest') }} * (
                {{ quantile_at(
                    'extended.service_factor', 'sums.quantile_50', 'sums.quantile_80', 'sums.quantile_95'
                ) }} - sums.mean
            )
        ) as horizon_spread
    from sums
    inner join extended
        on
            sums.tenant_id = extended.tenant_id
            and sums.article_number = extended.article_number
            and sums.branch_number = extended.branch_number
    where extended.demand_source = 'forecast'
    group by sums.tenant_id, sums.article_number, sums.branch_number

),

distances as (

    select
        extended.*,
        coalesce(
            forecast_distances.protection_deviation,
            {{ deviation_around_average('extended.weekly_deviation', 'extended.protection_weeks') }}
        ) as protection_deviation,
        coalesce(
            forecast_distances.protection_spread,
            extended.service_factor
            * {{ deviation_around_average('extended.weekly_deviation', 'extended.protection_weeks') }}
        ) as protection_spread,
        coalesce(
            forecast_distances.horizon_spread,
            extended.service_factor
            * {{ deviation_around_average('extended.weekly_deviation', 'extended.horizon_weeks') }}
        ) as horizon_spread
    from extended
    left join forecast_distances
        on
            extended.tenant_id = forecast_distances.tenant_id
            and extended.article_number = forecast_distances.article_number
            and extended.branch_number = forecast_distances.branch_number

)

select
    tenant_id,
    article_number,
    branch_number,
    demand_source,
    cast(horizon_days as integer) as horizon_days,
    round(horizon_mean, 6) as horizon_mean,
    round(greatest(horizon_spread, 0), 6) as horizon_spread,
    round(daily_units_after_horizon, 6) as daily_units_after_horizon,
    protection_days,
    round(service_factor, 6) as service_factor,
    round(lead_mean, 6) as lead_mean,
    round(protection_mean, 6) as protection_mean,
    -- A lead time that varies adds the demand of the days it is longer.
    round(sqrt(
        power(greatest(protection_spread, 0), 2)
        + power(service_factor * lead_time_deviation_days * protection_mean / protection_days, 2)
    ), 6) as protection_spread,
    round(sqrt(
        power(greatest(protection_deviation, 0), 2)
        + power(lead_time_deviation_days * protection_mean / protection_days, 2)
    ), 6) as protection_deviation
from distances
