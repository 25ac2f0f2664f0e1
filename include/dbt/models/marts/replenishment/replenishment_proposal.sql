{{ config(materialized='incremental') }}

with orders as (

    select * from {{ ref('int_orders_ranked') }}

),

in_budget as (

    select * from {{ ref('int_orders_in_budget') }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

),

eans as (

    select * from {{ ref('int_article_eans') }}

),

days as (

    select * from {{ ref('int_order_days') }}

)

select
    orders.tenant_id,
    orders.article_number,
    orders.article_size_number,
    orders.branch_number,
    orders.supplier_number,
    articles.supplier_name,
    articles.article_name,
    articles.supplier_article_number,
    curves.size,
    eans.ean,
    branches.branch_name,
    orders.order_units,
    orders.pack_size,
    cast(orders.unit_cost as decimal(18, 2)) as unit_cost,
    cast(orders.order_cost as decimal(18, 2)) as order_cost,
    articles.cost_note,
    coalesce(
        orders.order_by_on, case when orders.protection_units > 0 then days.reviewed_on end, days.as_of_date
    ) as order_by_on,
    orders.is_late,
    orders.stock_out_on,
    days.arrives_on,
    orders.free_stock,
    orders.on_order,
    orders.on_order_in_time,
    orders.on_order_if_expedited,
    orders.transferred_units,
    round(orders.forgone_units, 4) as forgone_units,
    orders.reorder_point,
    orders.order_up_to,
    round(orders.units_at_risk, 4) as units_at_risk,
    cast(orders.margin_at_risk as decimal(18, 2)) as margin_at_risk,
    round(orders.margin_at_risk_per_cost, 6) as margin_at_risk_per_cost,
    cast(orders.priority as bigint) as priority,
    in_budget.is_within_budget,
    {{ below_supplier_minimum('orders') }} as is_below_supplier_minimum,
    orders.value_class,
    orders.variability_class,
    {{ order_confidence('orders') }} as confidence,
    {{ order_reason('orders') }} as reason
from orders
inner join in_budget
    on
        orders.tenant_id = in_budget.tenant_id
        and orders.article_number = in_budget.article_number
        and orders.article_size_number = in_budget.article_size_number
        and orders.branch_number = in_budget.branch_number
inner join days
    on
        orders.tenant_id = days.tenant_id
        and orders.article_number = days.article_number
inner join articles
    on
        orders.tenant_id = articles.tenant_id
        and orders.article_number = articles.article_number
inner join branches
    on
        orders.tenant_id = branches.tenant_id
        and orders.branch_number = branches.branch_number
left join curves
    on
        orders.tenant_id = curves.tenant_id
        and orders.article_number = curves.article_number
        and orders.article_size_number = curves.article_size_number
left join eans
    on
        orders.tenant_id = eans.tenant_id
        and orders.article_number = eans.article_number
        and orders.article_size_number = eans.article_size_number
