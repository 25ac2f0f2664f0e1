{{ config(materialized='incremental') }}

with as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

lives as (

    select * from {{ ref('int_branch_life') }}

),

forecast_weeks as (

    select * from {{ ref('int_forecast_weeks') }}

),

average_weeks as (

    select * from {{ ref('int_average_weeks') }}

),

weeks as (

    select * from forecast_weeks
    union all
    select * from average_weeks

)

-- A branch that was closed sold until then and sells nothing more; nor does what ended since the forecast.
select
    weeks.tenant_id,
    weeks.article_number,
    weeks.branch_number,
    weeks.week_start,
    weeks.demand_source,
    cast(greatest(weeks.week_start, as_of.as_of_date) - as_of.as_of_date as integer) as first_day,
    cast(
        {{ add_days('weeks.week_start', 7) }} - greatest(weeks.week_start, as_of.as_of_date) as integer
    ) as day_count,
    round(cast(weeks.mean as double), 6) as mean,
    round(cast(weeks.quantile_50 as double), 6) as quantile_50,
    round(cast(weeks.quantile_80 as double), 6) as quantile_80,
    round(cast(weeks.quantile_95 as double), 6) as quantile_95
from weeks
inner join as_of
    on weeks.tenant_id = as_of.tenant_id
inner join branches
    on
        weeks.tenant_id = branches.tenant_id
        and weeks.branch_number = branches.branch_number
left join lives
    on
        weeks.tenant_id = lives.tenant_id
        and weeks.article_number = lives.article_number
        and weeks.branch_number = lives.branch_number
where
    branches.is_active
    and coalesce(lives.has_demand, true)
