with sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

weeks_on as (

    {{ integers(var('max_weeks')) }}

),

-- An article without any size row keeps no stock, for example a service. One that has some is stocked
-- everywhere: a branch without a row holds none of it.
stocked_articles as (

    select distinct
        tenant_id,
        article_number
    from stock_reports
    where article_number is not null

),

stock_now as (

    select
        tenant_id,
        article_number,
        branch_number,
        sum(coalesce(stock_units, 0)) as stock_units
    from stock_reports
    where
        article_number is not null
        and branch_number is not null
    group by tenant_id, article_number, branch_number

),

weekly_sales as (

    select
        tenant_id,
        article_number,
        branch_number,
        week_start,
        sum(units) as units_sold
    from sales
    where
        not is_reversed
        and article_number is not null
        and branch_number is not null
    group by tenant_id, article_number, branch_number, week_start

),

weekly_receipts as (

    select
        tenant_id,
        article_number,
        branch_number,
        {{ week_start('received_on') }} as week_start,
        sum(delivered_units) as units_received
    from positions
    where delivered_units > 0
    group by tenant_id, article_number, branch_number, {{ week_start('received_on') }}

),

movements as (

    select
        tenant_id,
        article_number,
        branch_number,
        week_start,
        units_sold,
        0 as units_received
    from weekly_sales
    union all
    select
        tenant_id,
        article_number,
        branch_number,
        week_start,
        0 as units_sold,
        units_received
    from weekly_receipts
    union all
    select
        stock_now.tenant_id,
        stock_now.article_number,
        stock_now.branch_number,
        as_of.current_week as week_start,
        0 as units_sold,
        0 as units_received
    from stock_now
    inner join as_of
        on stock_now.tenant_id = as_of.tenant_id

),

-- Receipts dated after today belong to the current week: its closing stock is the stock reported now.
weekly_movements as (

    select
        movements.tenant_id,
        movements.article_number,
        movements.branch_number,
        least(movements.week_start, as_of.current_week) as week_start,
        sum(movements.units_sold) as units_sold,
        sum(movements.units_received) as units_received
    from movements
    inner join as_of
        on movements.tenant_id = as_of.tenant_id
    inner join stocked_articles
        on
            movements.tenant_id = stocked_articles.tenant_id
            and movements.article_number = stocked_articles.article_number
    group by
        movements.tenant_id,
        movements.article_number,
        movements.branch_number,
        least(movements.week_start, as_of.current_week)

),

-- Stock stands still between movements, so it is reckoned where goods moved and carried to the weeks between.
moved as (

    select
        weekly_movements.tenant_id,
        weekly_movements.article_number,
        weekly_movements.branch_number,
        weekly_movements.week_start,
        lead(weekly_movements.week_start, 1, {{ add_days('as_of.current_week', 7) }}) over (
            partition by
                weekly_movements.tenant_id,
                weekly_movements.article_number,
                weekly_movements.branch_number
            order by weekly_movements.week_start
        ) as next_week,
        weekly_movements.units_sold,
        weekly_movements.units_received,
        coalesce(stock_now.stock_units, 0) + coalesce(
            sum(weekly_movements.units_sold - weekly_movements.units_received) over (
                partition by
                    weekly_movements.tenant_id,
                    weekly_movements.article_number,
                    weekly_movements.branch_number
                order by weekly_movements.week_start
                rows between 1 following and unbounded following
            ), 0
        ) as closing_stock
    from weekly_movements
    inner join as_of
        on weekly_movements.tenant_id = as_of.tenant_id
    left join stock_now
        on
            weekly_movements.tenant_id = stock_now.tenant_id
            and weekly_movements.article_number = stock_now.article_number
            and weekly_movements.branch_number = stock_now.branch_number

),

carried as (

    select
        moved.tenant_id,
        moved.article_number,
        moved.branch_number,
        {{ add_days('moved.week_start', '7 * weeks_on.n') }} as week_start,
        case when weeks_on.n = 0 then moved.units_sold else 0 end as units_sold,
        case when weeks_on.n = 0 then moved.units_received else 0 end as units_received,
        moved.closing_stock
    from moved
    inner join weeks_on
        on weeks_on.n < (moved.next_week - moved.week_start) / 7

)

select
    tenant_id,
    article_number,
    branch_number,
    week_start,
    cast(units_sold as double) as units_sold,
    cast(units_received as double) as units_received,
    cast(closing_stock + units_sold - units_received as double) as opening_stock,
    cast(closing_stock as double) as closing_stock
from carried
