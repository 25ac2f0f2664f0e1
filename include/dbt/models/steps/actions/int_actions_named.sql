with figures as (

    select * from {{ ref('int_action_figures') }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where
        tenant_id = {{ tenant_id() }}
        and not is_inferred

),

branches_without_master as (

    select * from {{ ref('dim_branch') }}
    where
        tenant_id = {{ tenant_id() }}
        and is_inferred

),

actions as (

    select * from {{ ref('int_actions_supply') }}
    union all
    select * from {{ ref('int_actions_stock') }}

)

-- A master that is missing is an error of the data, and no reason to cancel what is on order or to sell out what is there.
-- What concerns an article as a whole has the article's figures. A small order waits while stock lasts until goods of the
-- next review can come.
select
    actions.tenant_id,
    actions.article_number,
    {{ action_columns('actions.action', 'actions') }},
    actions.action
    || '/' || cast(actions.article_number as varchar)
    || '/' || coalesce(cast(actions.article_size_number as varchar), '')
    || '/' || coalesce(cast(actions.branch_number as varchar), '')
    || '/' || coalesce(actions.order_line_id, cast(actions.from_branch_number as varchar), '') as action_id,
    coalesce(
        actions.value_at_stake < policies.action_value,
        actions.action = 'order'
        and actions.cost < policies.order_line_value
        and actions.units_at_stake < policies.action_units
        and actions.due_on > {{ add_days('as_of.as_of_date', 'ceil(policies.review_days)') }},
        false
    ) as is_minor,
    figures.sold_4_weeks,
    figures.sold_13_weeks,
    figures.free_stock,
    figures.on_order,
    figures.next_arrival_on,
    figures.stock_out_on,
    figures.supply_note
from actions
inner join policies
    on
        actions.tenant_id = policies.tenant_id
        and actions.article_number = policies.article_number
inner join as_of
    on actions.tenant_id = as_of.tenant_id
inner join articles
    on
        actions.tenant_id = articles.tenant_id
        and actions.article_number = articles.article_number
left join branches_without_master
    on
        actions.tenant_id = branches_without_master.tenant_id
        and actions.branch_number = branches_without_master.branch_number
inner join figures
    on
        actions.tenant_id = figures.tenant_id
        and actions.article_number = figures.article_number
        and coalesce(actions.article_size_number, -1) = coalesce(figures.article_size_number, -1)
        and coalesce(actions.branch_number, -1) = coalesce(figures.branch_number, -1)
where branches_without_master.tenant_id is null
