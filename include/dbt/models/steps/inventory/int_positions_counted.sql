with stock as (

    select * from {{ ref('int_stock_on_hand') }}

),

open_orders as (

    select * from {{ ref('int_open_orders') }}

),

recent_sales as (

    select * from {{ ref('int_recent_sales') }}

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

)

select
    keys.tenant_id,
    keys.article_number,
    keys.article_size_number,
    keys.branch_number,
    coalesce(stock.on_hand, 0) as on_hand,
    coalesce(stock.on_approval, 0) as on_approval,
    coalesce(open_orders.on_order, 0) as on_order,
    coalesce(open_orders.on_order_in_lead_time, 0) as on_order_in_lead_time,
    coalesce(open_orders.on_order_in_time, 0) as on_order_in_time,
    coalesce(open_orders.on_order_unconfirmed, 0) as on_order_unconfirmed,
    open_orders.next_arrival_on,
    coalesce(recent_sales.units, 0) as recent_units
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
