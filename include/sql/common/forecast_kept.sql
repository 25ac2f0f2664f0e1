-- What was published about the weeks that closed lately, each week by the forecasts of several origins.
select
    article_number,
    branch_number,
    origin_week,
    week_start,
    mean,
    quantile_50,
    quantile_80,
    quantile_95
from {{ published_schema() }}.forecast_weekly
where
    tenant_id = $tenant_id
    and week_start > $after
    and week_start <= $last_week
    and origin_week < $last_week
order by
    article_number,
    branch_number,
    origin_week,
    week_start;
