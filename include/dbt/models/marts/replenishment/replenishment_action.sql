{{ config(materialized='incremental') }}

with actions as (

    select * from {{ ref('int_actions_named') }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

purchase_orders as (

    select * from {{ ref('purchase_order') }}
    where tenant_id = {{ tenant_id() }}

),

errors as (

    select * from {{ ref('int_forecast_errors') }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

)

select
    actions.tenant_id,
    actions.action_id,
    actions.action,
    cast(row_number() over (
        partition by actions.tenant_id
        order by
            actions.is_minor asc,
            actions.due_on asc,
            coalesce(actions.margin_at_risk, actions.value_at_stake, 0) desc,
            actions.action_id asc
    ) as bigint) as urgency_rank,
    actions.is_minor,
    actions.due_on,
    actions.article_number,
    articles.article_name,
    actions.article_size_number,
    curves.size,
    actions.branch_number,
    branches.branch_name,
    actions.from_branch_number,
    senders.branch_name as from_branch_name,
    articles.supplier_number,
    articles.supplier_name,
    purchase_orders.order_number,
    actions.order_line_id,
    actions.units,
    cast(actions.cost as decimal(18, 2)) as cost,
    articles.cost_note,
    round(actions.units_at_stake, 4) as units_at_stake,
    cast(actions.margin_at_risk as decimal(18, 2)) as margin_at_risk,
    cast(actions.value_at_stake as decimal(18, 2)) as value_at_stake,
    cast(actions.sold_4_weeks as decimal(18, 2)) as sold_4_weeks,
    cast(actions.sold_13_weeks as decimal(18, 2)) as sold_13_weeks,
    cast(actions.free_stock as decimal(18, 2)) as free_stock,
    cast(actions.on_order as decimal(18, 2)) as on_order,
    actions.next_arrival_on,
    actions.arrives_on,
    actions.stock_out_on,
    round(actions.demand_units, 4) as demand_units,
    actions.demand_until,
    actions.level_units,
    actions.forgone_units,
    {{ action_reason('actions', 'en') }} as reason,
    {{ action_reason('actions', 'de') }} as reason_de,
    actions.supply_note,
    errors.forecast_error,
    errors.forecast_bias,
    coalesce(errors.forecast_error_source, 'no forecast') as forecast_error_source
from actions
inner join articles
    on
        actions.tenant_id = articles.tenant_id
        and actions.article_number = articles.article_number
left join branches
    on
        actions.tenant_id = branches.tenant_id
        and actions.branch_number = branches.branch_number
left join branches as senders
    on
        actions.tenant_id = senders.tenant_id
        and actions.from_branch_number = senders.branch_number
left join curves
    on
        actions.tenant_id = curves.tenant_id
        and actions.article_number = curves.article_number
        and actions.article_size_number = curves.article_size_number
left join purchase_orders
    on
        actions.tenant_id = purchase_orders.tenant_id
        and actions.order_id = purchase_orders.order_id
left join errors
    on
        actions.tenant_id = errors.tenant_id
        and actions.article_number = errors.article_number
        and coalesce(actions.branch_number, -1) = coalesce(errors.branch_number, -1)
