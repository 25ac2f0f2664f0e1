with transfers as (

    select * from {{ ref('replenishment_transfer') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

markdowns as (

    select * from {{ ref('markdown_candidate') }}
    where
        tenant_id = {{ tenant_id() }}
        and is_candidate

),

decisions as (

    select * from {{ ref('int_decisions') }}

),

days as (

    select * from {{ ref('int_order_days') }}

)

-- Goods that another branch has can be there before an order, so they are due when stock runs out.
select
    transfers.tenant_id,
    transfers.article_number,
    {{ action_columns("'transfer'", {
        'article_size_number': 'transfers.article_size_number', 'branch_number': 'transfers.to_branch_number',
        'from_branch_number': 'transfers.from_branch_number', 'units': 'transfers.units',
        'units_at_stake': 'transfers.units', 'margin_at_risk': 'transfers.expected_margin',
        'due_on': 'greatest(coalesce(positions.stock_out_on, days.as_of_date), days.as_of_date)',
        'demand_units': 'positions.protection_units', 'demand_until': 'days.protected_until',
        'level_units': 'case when positions.is_reordered then positions.reorder_point end',
    }) }}
from transfers
inner join positions
    on
        transfers.tenant_id = positions.tenant_id
        and transfers.article_number = positions.article_number
        and transfers.article_size_number = positions.article_size_number
        and transfers.to_branch_number = positions.branch_number
inner join days
    on
        transfers.tenant_id = days.tenant_id
        and transfers.article_number = days.article_number
union all
select
    markdowns.tenant_id,
    markdowns.article_number,
    {{ action_columns("'mark down'", {
        'units': 'floor(markdowns.leftover_units)', 'units_at_stake': 'markdowns.leftover_units',
        'value_at_stake': 'markdowns.leftover_value', 'due_on': 'markdowns.mark_down_by_on',
        'demand_units': 'markdowns.expected_units',
        'demand_until': 'greatest(markdowns.sell_until, days.as_of_date)',
    }) }}
from markdowns
inner join days
    on
        markdowns.tenant_id = days.tenant_id
        and markdowns.article_number = days.article_number
union all
select
    tenant_id,
    article_number,
    {{ action_columns("'decide'", {
        'units': 'units', 'cost': 'units * unit_cost', 'units_at_stake': 'units_at_stake',
        'margin_at_risk': 'margin_at_risk', 'due_on': 'due_on', 'arrives_on': 'arrives_on',
        'demand_units': 'demand_units', 'demand_until': 'demand_until',
    }) }}
from decisions
