{{ config(materialized='incremental') }}

with stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

stock as (

    select
        tenant_id,
        article_number,
        coalesce(article_size_number, 0) as article_size_number,
        branch_number,
        sum(coalesce(stock_units, 0)) as on_hand,
        sum(coalesce(on_approval_units, 0)) as on_approval
    from stock_reports
    where
        article_number is not null
        and branch_number is not null
    group by tenant_id, article_number, coalesce(article_size_number, 0), branch_number

),

open_orders as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        sum(open_units) as on_order,
        min(expected_on) as next_arrival_on
    from positions
    where open_units > 0
    group by tenant_id, article_number, article_size_number, branch_number

),

-- Sales of sizes the article is known to have. Services and orphans hold no stock that could run out.
recent_sales as (

    select
        sales.tenant_id,
        sales.article_number,
        numbers.article_size_number,
        sales.branch_number,
        sum(sales.units) as units
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    inner join numbers
        on
            sales.tenant_id = numbers.tenant_id
            and sales.article_number = numbers.article_number
            and sales.article_size_number = numbers.scanned_number
    where
        sales.branch_number is not null
        and sales.week_start <= as_of.last_complete_week
        and sales.week_start > {{ add_days('as_of.last_complete_week', '-7 * ' ~ var('supply_weeks')) }}
    group by sales.tenant_id, sales.article_number, numbers.article_size_number, sales.branch_number

),

keys as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from stock
    union
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from open_orders
    union
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from recent_sales

),

sizes as (

    select
        tenant_id,
        article_number,
        coalesce(article_size_number, 0) as article_size_number,
        min(size) as size
    from article_sizes
    group by tenant_id, article_number, coalesce(article_size_number, 0)

),

positioned as (

    select
        keys.tenant_id,
        keys.article_number,
        keys.article_size_number,
        keys.branch_number,
        sizes.size,
        coalesce(stock.on_hand, 0) as on_hand,
        coalesce(stock.on_approval, 0) as on_approval,
        coalesce(stock.on_hand, 0) - coalesce(stock.on_approval, 0) as free_stock,
        coalesce(open_orders.on_order, 0) as on_order,
        open_orders.next_arrival_on,
        cast(greatest(coalesce(recent_sales.units, 0), 0) as double)
        / {{ var('supply_weeks') }} as average_weekly_units,
        coalesce(articles.purchase_price, 0) as purchase_price,
        coalesce(articles.is_nos, false) as is_nos
    from keys
    left join stock
        on
            keys.tenant_id = stock.tenant_id
            and keys.article_number = stock.article_number
            and keys.article_size_number = stock.article_size_number
            and keys.branch_number = stock.branch_number
    left join open_orders
        on
            keys.tenant_id = open_orders.tenant_id
            and keys.article_number = open_orders.article_number
            and keys.article_size_number = open_orders.article_size_number
            and keys.branch_number = open_orders.branch_number
    left join recent_sales
        on
            keys.tenant_id = recent_sales.tenant_id
            and keys.article_number = recent_sales.article_number
            and keys.article_size_number = recent_sales.article_size_number
            and keys.branch_number = recent_sales.branch_number
    left join sizes
        on
            keys.tenant_id = sizes.tenant_id
            and keys.article_number = sizes.article_number
            and keys.article_size_number = sizes.article_size_number
    left join articles
        on
            keys.tenant_id = articles.tenant_id
            and keys.article_number = articles.article_number

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    size,
    cast(on_hand as decimal(18, 2)) as on_hand,
    cast(on_approval as decimal(18, 2)) as on_approval,
    cast(free_stock as decimal(18, 2)) as free_stock,
    cast(on_order as decimal(18, 2)) as on_order,
    next_arrival_on,
    cast(free_stock + on_order as decimal(18, 2)) as available,
    cast(free_stock * purchase_price as decimal(18, 2)) as stock_value,
    average_weekly_units,
    case
        when average_weekly_units > 0
            then cast(greatest(free_stock, 0) as double) * 7 / average_weekly_units
    end as days_of_supply,
    free_stock <= 0 and (average_weekly_units > 0 or is_nos) as is_stocked_out,
    on_hand < 0 as is_negative_stock
from positioned
