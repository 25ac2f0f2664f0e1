with forecasts as (

    select * from {{ source('forecast', 'forecast_protection') }}
    where tenant_id = {{ tenant_id() }}

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

)

-- More weeks never sell less.
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
