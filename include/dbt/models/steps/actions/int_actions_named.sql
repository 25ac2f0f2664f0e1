with supply as (

    select * from {{ ref('int_actions_supply') }}

),

stock as (

    select * from {{ ref('int_actions_stock') }}

),

figures as (

    select * from {{ ref('int_action_figures') }}

),

actions as (

    select
        tenant_id,
        action,
        article_number,
        article_size_number,
        branch_number,
        cast(null as bigint) as from_branch_number,
        order_line_id,
        order_id,
        units,
        cost,
        units_at_stake,
        margin_at_risk,
        value_at_stake,
        due_on,
        arrives_on,
        demand_units,
        demand_until,
        level_units
    from supply
    union all
    select
        tenant_id,
        action,
        article_number,
        article_size_number,
        branch_number,
        from_branch_number,
        cast(null as varchar) as order_line_id,
        cast(null as varchar) as order_id,
        units,
        cost,
        units_at_stake,
        margin_at_risk,
        value_at_stake,
        due_on,
        arrives_on,
        demand_units,
        demand_until,
        level_units
    from stock

)

-- What concerns an article as a whole has the article's figures.
select
    actions.*,
    actions.action
    || '/' || cast(actions.article_number as varchar)
    || '/' || coalesce(cast(actions.article_size_number as varchar), '')
    || '/' || coalesce(cast(actions.branch_number as varchar), '')
    || '/' || coalesce(actions.order_line_id, cast(actions.from_branch_number as varchar), '') as action_id,
    figures.sold_4_weeks,
    figures.sold_13_weeks,
    figures.free_stock,
    figures.on_order,
    figures.next_arrival_on,
    figures.stock_out_on
from actions
inner join figures
    on
        actions.tenant_id = figures.tenant_id
        and actions.article_number = figures.article_number
        and coalesce(actions.article_size_number, -1) = coalesce(figures.article_size_number, -1)
        and coalesce(actions.branch_number, -1) = coalesce(figures.branch_number, -1)
