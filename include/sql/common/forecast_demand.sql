-- Weekly demand of every article and branch that can be planned: service articles are not. Weeks after the end of an
-- article's life in a branch are no unknown demand. All series share one axis of weeks, so it begins where the retailer's
-- history does: with the first week of sales that five others follow within a year. A few receipts of long before, which a
-- till with a wrong clock has printed, are older than that, and move no forecast.
with sold_weeks as (
    select distinct week_start
    from {{ published_schema() }}.fct_demand_weekly
    where
        tenant_id = $tenant_id
        and units > 0
),

followed as (
    select
        week_start,
        lead(week_start, 5) over (order by week_start) as sixth_week
    from sold_weeks
),

history as (
    select min(week_start) as first_week
    from followed
    where sixth_week <= week_start + 364
),

lives as (
    select
        article_number,
        branch_number,
        max(season_ends_on) as season_ends_on
    from {{ published_schema() }}.article_life
    where tenant_id = $tenant_id
    group by article_number, branch_number
)

select
    demand.article_number,
    demand.branch_number,
    demand.week_start,
    cast(demand.units as double) as units,
    demand.is_stock_out,
    coalesce(demand.is_over, false) as is_over,
    lives.season_ends_on,
    coalesce(demand.category_number, 0) as category_number,
    coalesce(demand.season_number, 0) as season_number,
    coalesce(articles.supplier_number, 0) as supplier_number,
    cast(coalesce(articles.sale_price, 0) as double) as sale_price
from {{ published_schema() }}.fct_demand_weekly as demand
cross join history
left join {{ published_schema() }}.dim_article as articles
    on
        demand.tenant_id = articles.tenant_id
        and demand.article_number = articles.article_number
left join lives
    on
        demand.article_number = lives.article_number
        and demand.branch_number = lives.branch_number
where
    demand.tenant_id = $tenant_id
    and demand.week_start >= coalesce(history.first_week, demand.week_start)
    and not coalesce(articles.is_service, false)
order by
    demand.article_number,
    demand.branch_number,
    demand.week_start;
