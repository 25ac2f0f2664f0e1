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
    orders.article_number,
    {{ action_columns("'order'", {
        'article_size_number': 'orders.article_size_number', 'branch_number': 'orders.branch_number',
        'units': 'orders.order_units', 'cost': 'orders.order_cost', 'units_at_stake': 'orders.units_at_risk',
        'margin_at_risk': 'orders.margin_at_risk', 'due_on': 'orders.order_by_on', 'arrives_on': 'orders.arrives_on',
        'demand_units': 'positions.protection_units', 'demand_until': 'days.protected_until',
        'level_units': 'orders.reorder_point', 'forgone_units': 'orders.forgone_units',
    }) }}
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
    article_number,
    {{ action_columns("'expedite'", {
        'article_size_number': 'article_size_number', 'branch_number': 'branch_number',
        'order_line_id': 'order_position_id', 'order_id': 'order_id', 'units': 'units',
        'units_at_stake': 'units_at_stake', 'margin_at_risk': 'margin_at_risk', 'due_on': 'due_on',
        'arrives_on': 'arrives_on', 'demand_units': 'demand_units', 'demand_until': 'demand_until',
    }) }}
from late
union all
select
    tenant_id,
    article_number,
    {{ action_columns('action', {
        'article_size_number': 'article_size_number', 'branch_number': 'branch_number',
        'order_line_id': 'order_position_id', 'order_id': 'order_id', 'units': 'units', 'units_at_stake': 'units',
        'value_at_stake': 'surplus_value', 'due_on': 'due_on', 'arrives_on': 'arrives_on',
        'demand_units': 'demand_units', 'demand_until': 'demand_until', 'level_units': 'level_units',
    }) }}
from surplus
