with levels as (

    select * from {{ ref('replenishment_level') }}
    where tenant_id = {{ tenant_id() }}

),

classes as (

    select * from {{ ref('article_class') }}
    where tenant_id = {{ tenant_id() }}

),

measured as (

    select * from {{ source('forecast', 'forecast_accuracy') }}
    where tenant_id = {{ tenant_id() }}

),

places as (

    select
        tenant_id,
        article_number,
        branch_number,
        demand_source = 'forecast' as is_forecast
    from levels
    union all
    select
        tenant_id,
        article_number,
        cast(null as bigint) as branch_number,
        max(case when demand_source = 'forecast' then 1 else 0 end) = 1 as is_forecast
    from levels
    group by tenant_id, article_number

),

newest as (

    select
        tenant_id,
        max(origin_week) as origin_week
    from measured
    group by tenant_id

),

-- What was published is measured once its weeks are over; until then there is only what the backtest says.
errors as (

    select
        measured.tenant_id,
        measured.demand_class,
        max(case when measured.kind = 'live' then measured.wape end) as live_error,
        max(case when measured.kind = 'live' then measured.bias end) as live_bias,
        max(case when measured.kind = 'backtest' then measured.wape end) as backtest_error,
        max(case when measured.kind = 'backtest' then measured.bias end) as backtest_bias
    from measured
    inner join newest
        on
            measured.tenant_id = newest.tenant_id
            and measured.origin_week = newest.origin_week
    group by measured.tenant_id, measured.demand_class

)

select
    places.tenant_id,
    places.article_number,
    places.branch_number,
    case
        when places.is_forecast then round(coalesce(errors.live_error, errors.backtest_error), 6)
    end as forecast_error,
    case
        when not places.is_forecast then null
        when errors.live_error is not null then round(errors.live_bias, 6)
        else round(errors.backtest_bias, 6)
    end as forecast_bias,
    case
        when not places.is_forecast then 'no forecast'
        when errors.live_error is not null then 'live'
        when errors.backtest_error is not null then 'backtest'
        else 'not measured'
    end as forecast_error_source
from places
left join classes
    on
        places.tenant_id = classes.tenant_id
        and places.article_number = classes.article_number
left join errors
    on
        classes.tenant_id = errors.tenant_id
        and classes.demand_class = errors.demand_class
