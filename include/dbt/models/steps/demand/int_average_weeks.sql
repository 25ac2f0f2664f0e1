with demand as (

    select * from {{ ref('fct_demand_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

weeks_on as (

    {{ integers(var('selling_weeks')) }}

),

forecast_weeks as (

    select * from {{ ref('int_forecast_weeks') }}

),

forecast_series as (

    select distinct
        tenant_id,
        article_number,
        branch_number
    from forecast_weeks

),

-- What is sold without a forecast goes on as in the last weeks in which there was stock.
recent as (

    select
        demand.tenant_id,
        demand.article_number,
        demand.branch_number,
        greatest(coalesce(
            avg(case when not demand.is_stock_out then demand.units end),
            avg(demand.units)
        ), 0) as mean,
        coalesce(var_samp(case when not demand.is_stock_out then demand.units end), 0) as variance_units
    from demand
    inner join as_of
        on demand.tenant_id = as_of.tenant_id
    left join forecast_series
        on
            demand.tenant_id = forecast_series.tenant_id
            and demand.article_number = forecast_series.article_number
            and demand.branch_number = forecast_series.branch_number
    where
        demand.week_start > {{ add_days('as_of.last_complete_week', '-7 * ' ~ var('supply_weeks')) }}
        and forecast_series.tenant_id is null
    group by demand.tenant_id, demand.article_number, demand.branch_number

)

select
    recent.tenant_id,
    recent.article_number,
    recent.branch_number,
    {{ add_days('as_of.current_week', '7 * weeks_on.n') }} as week_start,
    'average' as demand_source,
    recent.mean,
    recent.mean as quantile_50,
    recent.mean + 0.8416 * sqrt(greatest(recent.variance_units, recent.mean)) as quantile_80,
    recent.mean + 1.6449 * sqrt(greatest(recent.variance_units, recent.mean)) as quantile_95
from recent
inner join as_of
    on recent.tenant_id = as_of.tenant_id
cross join weeks_on
where recent.mean > 0
