{{ config(materialized='ephemeral') }}

with sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

stocked_articles as (

    select * from {{ ref('int_stocked_articles') }}

),

stock_now as (

    select * from {{ ref('int_stock_now') }}

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

)

-- Receipts dated after today belong to the current week: its closing stock is the stock reported now.
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
