{# Bringing stock and open orders to one grain neither drops nor doubles a unit of either. #}
with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('stg_prohandel__article_sizes') }}
    where tenant_id = {{ tenant_id() }}

),

order_positions as (

    select * from {{ ref('stg_prohandel__purchase_order_positions') }}
    where tenant_id = {{ tenant_id() }}

),

orders as (

    select * from {{ ref('stg_prohandel__purchase_orders') }}
    where tenant_id = {{ tenant_id() }}

),

differences as (

    select
        article_number,
        branch_number,
        on_hand,
        on_order
    from positions
    union all
    select
        article_number,
        branch_number,
        -stock_units as on_hand,
        0 as on_order
    from article_sizes
    union all
    select
        order_positions.article_number,
        order_positions.branch_number,
        0 as on_hand,
        -order_positions.backlog_units as on_order
    from order_positions
    inner join orders
        on
            order_positions.tenant_id = orders.tenant_id
            and order_positions.order_id = orders.order_id
    where
        order_positions.backlog_units > 0
        and not order_positions.is_closed

)

select
    article_number,
    branch_number,
    sum(on_hand) as on_hand,
    sum(on_order) as on_order
from differences
where
    article_number is not null
    and branch_number is not null
group by article_number, branch_number
having
    sum(on_hand) <> 0
    or sum(on_order) <> 0
