with forecasts as (

    select * from {{ source('forecast', 'forecast_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

newest as (

    select
        tenant_id,
        max(origin_week) as origin_week
    from forecasts
    group by tenant_id

)

-- An old forecast holds for the weeks it reaches that are not over yet.
select
    forecasts.tenant_id,
    forecasts.article_number,
    forecasts.branch_number,
    forecasts.week_start,
    'forecast' as demand_source,
    greatest(forecasts.mean, 0) as mean,
    greatest(forecasts.quantile_50, 0) as quantile_50,
    greatest(forecasts.quantile_80, 0) as quantile_80,
    greatest(forecasts.quantile_95, 0) as quantile_95
from forecasts
inner join newest
    on
        forecasts.tenant_id = newest.tenant_id
        and forecasts.origin_week = newest.origin_week
inner join as_of
    on forecasts.tenant_id = as_of.tenant_id
where forecasts.week_start >= as_of.current_week
