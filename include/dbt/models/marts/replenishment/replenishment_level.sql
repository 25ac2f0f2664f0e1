{{ config(materialized='incremental') }}

with outlook as (

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
        greatest(
            {{ quantile_at(
                'policies.service_factor', 'outlook.quantile_50', 'outlook.quantile_80', 'outlook.quantile_95'
            ) }} - outlook.mean_units, 0
        ) as spread,
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
        sum(spread * day_count / 7) as horizon_spread,
        sum(spread * spread * day_count / 7) as horizon_spread_square,
        sum(mean_units * lead_days / 7) as lead_mean,
        sum(mean_units * covered_days / 7) as covered_mean,
        sum(spread * covered_days / 7) as covered_spread,
        sum(spread * spread * covered_days / 7) as covered_spread_square,
        sum(deviation * covered_days / 7) as covered_deviation,
        sum(deviation * deviation * covered_days / 7) as covered_variance,
        -- Beyond the forecast, demand goes on as in its last four weeks.
        avg(case when week_from_last <= 4 then mean_units end) as last_mean,
        avg(case when week_from_last <= 4 then spread end) as last_spread,
        avg(case when week_from_last <= 4 then deviation end) as last_deviation
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
        policies.lead_time_deviation_days,
        summed.horizon_days,
        summed.horizon_mean,
        {{ spread_of_sum('summed.horizon_spread', 'summed.horizon_spread_square') }} as horizon_spread,
        summed.last_mean / 7 as daily_units_after_horizon,
        summed.lead_mean
        + greatest(policies.lead_time_days - summed.horizon_days, 0) / 7 * summed.last_mean as lead_mean,
        summed.covered_mean
        + greatest(policies.protection_days - summed.horizon_days, 0) / 7 * summed.last_mean
            as protection_mean,
        summed.covered_spread
        + greatest(policies.protection_days - summed.horizon_days, 0) / 7 * summed.last_spread
            as sum_of_spreads,
        summed.covered_spread_square
        + greatest(policies.protection_days - summed.horizon_days, 0) / 7 * power(summed.last_spread, 2)
            as sum_of_spread_squares,
        summed.covered_deviation
        + greatest(policies.protection_days - summed.horizon_days, 0) / 7 * summed.last_deviation
            as sum_of_deviations,
        summed.covered_variance
        + greatest(policies.protection_days - summed.horizon_days, 0) / 7 * power(summed.last_deviation, 2)
            as sum_of_variances
    from summed
    inner join policies
        on
            summed.tenant_id = policies.tenant_id
            and summed.article_number = policies.article_number

)

select
    tenant_id,
    article_number,
    branch_number,
    demand_source,
    cast(horizon_days as integer) as horizon_days,
    round(horizon_mean, 6) as horizon_mean,
    round(horizon_spread, 6) as horizon_spread,
    round(daily_units_after_horizon, 6) as daily_units_after_horizon,
    protection_days,
    round(service_factor, 6) as service_factor,
    round(lead_mean, 6) as lead_mean,
    round(protection_mean, 6) as protection_mean,
    -- A lead time that varies adds the demand of the days it is longer.
    round(sqrt(
        power({{ spread_of_sum('sum_of_spreads', 'sum_of_spread_squares') }}, 2)
        + power(service_factor * lead_time_deviation_days * protection_mean / protection_days, 2)
    ), 6) as protection_spread,
    round(sqrt(
        power({{ spread_of_sum('sum_of_deviations', 'sum_of_variances') }}, 2)
        + power(lead_time_deviation_days * protection_mean / protection_days, 2)
    ), 6) as protection_deviation
from extended
