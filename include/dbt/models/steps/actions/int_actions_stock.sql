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
    'transfer' as action,
    transfers.article_number,
    transfers.article_size_number,
    transfers.to_branch_number as branch_number,
    transfers.from_branch_number,
    transfers.units,
    cast(null as double) as cost,
    transfers.units as units_at_stake,
    cast(transfers.expected_margin as double) as margin_at_risk,
    cast(null as double) as value_at_stake,
    greatest(coalesce(positions.stock_out_on, days.as_of_date), days.as_of_date) as due_on,
    cast(null as date) as arrives_on,
    positions.protection_units as demand_units,
    days.protected_until as demand_until,
    case when positions.is_reordered then positions.reorder_point end as level_units
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
    'mark down' as action,
    markdowns.article_number,
    cast(null as bigint) as article_size_number,
    cast(null as bigint) as branch_number,
    cast(null as bigint) as from_branch_number,
    floor(markdowns.leftover_units) as units,
    cast(null as double) as cost,
    markdowns.leftover_units as units_at_stake,
    cast(null as double) as margin_at_risk,
    cast(markdowns.leftover_value as double) as value_at_stake,
    days.as_of_date as due_on,
    cast(null as date) as arrives_on,
    markdowns.expected_units as demand_units,
    greatest(markdowns.sell_until, days.as_of_date) as demand_until,
    cast(null as double) as level_units
from markdowns
inner join days
    on
        markdowns.tenant_id = days.tenant_id
        and markdowns.article_number = days.article_number
union all
select
    tenant_id,
    'decide' as action,
    article_number,
    cast(null as bigint) as article_size_number,
    cast(null as bigint) as branch_number,
    cast(null as bigint) as from_branch_number,
    units,
    units * unit_cost as cost,
    units_at_stake,
    margin_at_risk,
    cast(null as double) as value_at_stake,
    due_on,
    arrives_on,
    demand_units,
    demand_until,
    cast(null as double) as level_units
from decisions
