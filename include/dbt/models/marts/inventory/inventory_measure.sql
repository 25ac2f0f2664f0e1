{{ config(materialized='incremental') }}

with statuses as (

    select * from {{ ref('inventory_status') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

held as (

    select * from {{ ref('int_stock_held_in_year') }}

),

sold as (

    select * from {{ ref('int_sizes_sold_in_year') }}

),

out_of_stock as (

    select * from {{ ref('int_stock_outs_in_year') }}

)

select
    statuses.tenant_id,
    statuses.article_number,
    statuses.article_size_number,
    statuses.branch_number,
    cast(coalesce(sold.units_sold, 0) as double) as units_sold,
    cast(coalesce(sold.revenue, 0) as double) as revenue,
    cast(case when coalesce(sold.line_count, 0) = 0 then 0 else sold.cost end as double) as cost,
    cast(case when coalesce(sold.line_count, 0) = 0 then 0 else sold.margin end as double) as margin,
    round(coalesce(held.unit_days, 0) / (7 * {{ var('year_weeks') }}), 6) as average_stock,
    round(
        {{ worth_of('coalesce(held.unit_days, 0)', 'positions.unit_cost') }} / (7 * {{ var('year_weeks') }}),
        6
    ) as average_stock_value,
    coalesce(held.opening_stock, 0) as opening_stock,
    coalesce(held.units_received, 0) as units_received,
    cast(coalesce(held.days_in_stock, 0) as double) as days_in_stock,
    cast(coalesce(out_of_stock.stock_out_spells, 0) as double) as stock_out_spells,
    cast(coalesce(out_of_stock.stock_out_days, 0) as double) as stock_out_days,
    round(cast(coalesce(out_of_stock.lost_units, 0) as double), 6) as lost_units,
    statuses.free_stock,
    {{ worth_of('greatest(statuses.free_stock, 0)', 'positions.unit_cost') }} as stock_value,
    positions.daily_units,
    greatest(statuses.free_stock - statuses.target_units, 0) as excess_units,
    {{ worth_of('greatest(statuses.free_stock - statuses.target_units, 0)', 'positions.unit_cost') }}
        as excess_value,
    case
        when statuses.free_stock > 0 and coalesce(statuses.is_slow, true) then statuses.free_stock
        else 0
    end as slow_units,
    case
        when statuses.free_stock > 0 and coalesce(statuses.is_slow, true)
            then {{ worth_of('statuses.free_stock', 'positions.unit_cost') }}
        else 0
    end as slow_value,
    case
        when statuses.stock_status = 'dead' then {{ worth_of('statuses.free_stock', 'positions.unit_cost') }}
        else 0
    end as dead_value,
    policies.service_level,
    cast(coalesce(sold.revenue_net, 0) as double) as revenue_net,
    cast(coalesce(sold.priced_revenue, 0) as double) as priced_revenue,
    cast(coalesce(sold.line_count, 0) as bigint) as line_count,
    cast(coalesce(sold.unpriced_lines, 0) as bigint) as unpriced_lines,
    sold.margin_note
from statuses
inner join positions
    on
        statuses.tenant_id = positions.tenant_id
        and statuses.article_number = positions.article_number
        and statuses.article_size_number = positions.article_size_number
        and statuses.branch_number = positions.branch_number
inner join policies
    on
        statuses.tenant_id = policies.tenant_id
        and statuses.article_number = policies.article_number
left join held
    on
        statuses.tenant_id = held.tenant_id
        and statuses.article_number = held.article_number
        and statuses.article_size_number = held.article_size_number
        and statuses.branch_number = held.branch_number
left join sold
    on
        statuses.tenant_id = sold.tenant_id
        and statuses.article_number = sold.article_number
        and statuses.article_size_number = sold.article_size_number
        and statuses.branch_number = sold.branch_number
left join out_of_stock
    on
        statuses.tenant_id = out_of_stock.tenant_id
        and statuses.article_number = out_of_stock.article_number
        and statuses.article_size_number = out_of_stock.article_size_number
        and statuses.branch_number = out_of_stock.branch_number
