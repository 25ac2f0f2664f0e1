with positions as (

    select * from {{ ref('replenishment_position') }}
    where
        tenant_id = {{ tenant_id() }}
        and is_reordered

),

transfers as (

    select * from {{ ref('replenishment_transfer') }}
    where tenant_id = {{ tenant_id() }}

),

order_lines as (

    select * from {{ ref('int_open_order_lines') }}
    where supply = 'if expedited'

),

incoming as (

    select
        tenant_id,
        article_number,
        article_size_number,
        to_branch_number as branch_number,
        sum(units) as transferred_units
    from transfers
    group by tenant_id, article_number, article_size_number, to_branch_number

),

expedited as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        cast(sum(open_units) as double) as units
    from order_lines
    group by tenant_id, article_number, article_size_number, branch_number

)

select
    positions.tenant_id,
    positions.article_number,
    positions.article_size_number,
    positions.branch_number,
    positions.demand_source,
    positions.free_stock,
    positions.on_order,
    positions.available,
    positions.reorder_point,
    positions.order_up_to,
    positions.protection_units,
    positions.protection_deviation,
    positions.lead_units,
    positions.stock_out_on,
    positions.order_by_on,
    positions.is_late,
    positions.unit_cost,
    positions.unit_margin,
    coalesce(incoming.transferred_units, 0) as transferred_units,
    positions.available - greatest(positions.free_stock, 0) as on_order_in_time,
    coalesce(expedited.units, 0) as on_order_if_expedited,
    greatest(positions.forgone_units - coalesce(incoming.transferred_units, 0), 0) as forgone_units,
    positions.available
    + coalesce(expedited.units, 0)
    + greatest(positions.forgone_units, coalesce(incoming.transferred_units, 0)) as covered_units
from positions
left join incoming
    on
        positions.tenant_id = incoming.tenant_id
        and positions.article_number = incoming.article_number
        and positions.article_size_number = incoming.article_size_number
        and positions.branch_number = incoming.branch_number
left join expedited
    on
        positions.tenant_id = expedited.tenant_id
        and positions.article_number = expedited.article_number
        and positions.article_size_number = expedited.article_size_number
        and positions.branch_number = expedited.branch_number
