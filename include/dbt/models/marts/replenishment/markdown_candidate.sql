{{ config(materialized='incremental') }}

with positions as (

    select * from {{ ref('replenishment_position') }}
    where
        tenant_id = {{ tenant_id() }}
        and not is_reordered

),

outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

seasons as (

    select * from {{ ref('season') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- What has no season is given as long as a forecast reaches.
ends as (

    select
        articles.tenant_id,
        articles.article_number,
        articles.article_name,
        articles.category_number,
        articles.season_number,
        as_of.as_of_date,
        coalesce(
            seasons.ends_on, {{ add_days('as_of.as_of_date', '7 * ' ~ var('selling_weeks')) }}
        ) as sell_until
    from articles
    inner join as_of
        on articles.tenant_id = as_of.tenant_id
    left join seasons
        on
            articles.tenant_id = seasons.tenant_id
            and articles.season_number = seasons.season_number
    where not articles.is_service

),

stock as (

    select
        tenant_id,
        article_number,
        max(case when is_new then 1 else 0 end) = 1 as is_new,
        sum(greatest(free_stock, 0)) as free_stock,
        max(unit_cost) as unit_cost
    from positions
    group by tenant_id, article_number

),

moved as (

    select
        tenant_id,
        article_number,
        sum(units_sold - units_returned) as units_sold,
        max(case when units_sold > 0 then moved_on end) as last_sold_on
    from ledger
    group by tenant_id, article_number

),

weeks as (

    select
        tenant_id,
        article_number,
        week_start,
        min(first_day) as first_day,
        min(day_count) as day_count,
        sum(mean_units) as mean_units
    from outlook
    group by tenant_id, article_number, week_start

),

expected as (

    select
        ends.tenant_id,
        ends.article_number,
        sum(
            weeks.mean_units / 7
            * least(weeks.day_count, greatest(ends.sell_until - ends.as_of_date + 1 - weeks.first_day, 0))
        ) as expected_units,
        max(weeks.first_day + weeks.day_count) as horizon_days,
        avg(weeks.mean_units) / 7 as daily_units
    from ends
    inner join weeks
        on
            ends.tenant_id = weeks.tenant_id
            and ends.article_number = weeks.article_number
    group by ends.tenant_id, ends.article_number

),

measured as (

    select
        ends.tenant_id,
        ends.article_number,
        ends.article_name,
        ends.category_number,
        ends.season_number,
        ends.sell_until,
        greatest(ends.sell_until - ends.as_of_date + 1, 0) as days_left,
        stock.is_new,
        stock.free_stock,
        stock.unit_cost,
        greatest(coalesce(moved.units_sold, 0), 0) as units_sold,
        moved.last_sold_on,
        -- A season may end after the outlook does; it goes on selling at the outlook's pace.
        coalesce(
            expected.expected_units
            + greatest(ends.sell_until - ends.as_of_date + 1 - expected.horizon_days, 0)
            * expected.daily_units,
            0
        ) as expected_units
    from ends
    inner join stock
        on
            ends.tenant_id = stock.tenant_id
            and ends.article_number = stock.article_number
    left join moved
        on
            ends.tenant_id = moved.tenant_id
            and ends.article_number = moved.article_number
    left join expected
        on
            ends.tenant_id = expected.tenant_id
            and ends.article_number = expected.article_number
    where stock.free_stock > 0

)

select
    tenant_id,
    article_number,
    article_name,
    category_number,
    season_number,
    sell_until,
    cast(days_left as integer) as days_left,
    free_stock,
    units_sold,
    last_sold_on,
    round(units_sold / (units_sold + free_stock), 6) as sell_through,
    round(expected_units, 4) as expected_units,
    round(greatest(free_stock - expected_units, 0), 4) as leftover_units,
    cast(greatest(free_stock - expected_units, 0) * unit_cost as decimal(18, 2)) as leftover_value,
    is_new,
    free_stock - expected_units >= 1 and not is_new as is_candidate,
    cast(row_number() over (
        partition by tenant_id
        order by is_new asc, greatest(free_stock - expected_units, 0) * unit_cost desc, article_number asc
    ) as bigint) as impact_rank
from measured
