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
        greatest(outlook.quantile_95 - outlook.mean, 0) / 1.6449 as deviation,
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
        sum(mean * day_count / 7) as horizon_units,
        sum(mean * lead_days / 7) as lead_units,
        sum(mean * covered_days / 7) as covered_mean,
        avg(deviation) as weekly_deviation,
        -- Beyond the forecast, demand goes on as in its last four weeks.
        avg(case when week_from_last <= 4 then mean end) as last_mean
    from weeks
    group by tenant_id, article_number, branch_number

)

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
    summed.horizon_units,
    summed.weekly_deviation,
    summed.last_mean / 7 as daily_units_after_horizon,
    summed.lead_units
    + greatest(policies.lead_time_days - summed.horizon_days, 0) / 7 * summed.last_mean as lead_units,
    summed.covered_mean
    + greatest(policies.protection_days - summed.horizon_days, 0) / 7 * summed.last_mean
        as protection_units
from summed
inner join policies
    on
        summed.tenant_id = policies.tenant_id
        and summed.article_number = policies.article_number
