with orders as (

    select * from {{ ref('replenishment_proposal') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

late as (

    select * from {{ ref('int_orders_late') }}

),

surplus as (

    select * from {{ ref('int_orders_surplus') }}

),

days as (

    select * from {{ ref('int_order_days') }}

)

select
    orders.tenant_id,
    'order' as action,
    orders.article_number,
    orders.article_size_number,
    orders.branch_number,
    cast(null as varchar) as order_line_id,
    cast(null as varchar) as order_id,
    orders.order_units as units,
    cast(orders.order_cost as double) as cost,
    orders.units_at_risk as units_at_stake,
    cast(orders.margin_at_risk as double) as margin_at_risk,
    cast(null as double) as value_at_stake,
    orders.order_by_on as due_on,
    orders.arrives_on,
    positions.protection_units as demand_units,
    days.protected_until as demand_until,
    orders.reorder_point as level_units
from orders
inner join positions
    on
        orders.tenant_id = positions.tenant_id
        and orders.article_number = positions.article_number
        and orders.article_size_number = positions.article_size_number
        and orders.branch_number = positions.branch_number
inner join days
    on
        orders.tenant_id = days.tenant_id
        and orders.article_number = days.article_number
union all
select
    tenant_id,
    'expedite' as action,
    article_number,
    article_size_number,
    branch_number,
    order_position_id as order_line_id,
    order_id,
    cast(units as double) as units,
    cast(null as double) as cost,
    cast(units_at_stake as double) as units_at_stake,
    cast(margin_at_risk as double) as margin_at_risk,
    cast(null as double) as value_at_stake,
    due_on,
    arrives_on,
    demand_units,
    demand_until,
    cast(null as double) as level_units
from late
union all
select
    tenant_id,
    action,
    article_number,
    article_size_number,
    branch_number,
    order_position_id as order_line_id,
    order_id,
    cast(units as double) as units,
    cast(null as double) as cost,
    cast(units as double) as units_at_stake,
    cast(null as double) as margin_at_risk,
    cast(surplus_value as double) as value_at_stake,
    due_on,
    arrives_on,
    demand_units,
    demand_until,
    level_units
from surplus
