with positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

stock as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

ages as (

    select * from {{ ref('stock_age') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

-- What is on hand, and what comes before goods ordered today would.
select
    positions.tenant_id,
    positions.article_number,
    positions.article_size_number,
    positions.branch_number,
    positions.is_reordered,
    positions.is_new,
    positions.free_stock,
    positions.on_order,
    positions.available,
    positions.target_units,
    positions.lead_units,
    positions.days_of_supply,
    positions.stock_out_on,
    positions.supply_note,
    positions.unit_cost,
    positions.cost_note,
    positions.unit_margin,
    coalesce(ages.is_dead, false) as is_dead,
    greatest(positions.free_stock, 0)
    + case
        when positions.is_reordered then stock.on_order_in_time
        else stock.on_order - stock.on_order_unconfirmed
    end as expected_stock,
    greatest(positions.free_stock, 0) + stock.on_order_in_lead_time as stock_in_lead_time,
    positions.protection_deviation
    * sqrt(policies.lead_time_days / (policies.lead_time_days + policies.review_days)) as lead_deviation,
    {{ add_days('as_of.as_of_date', 'floor(policies.lead_time_days)') }} as lead_time_ends_on
from positions
inner join stock
    on
        positions.tenant_id = stock.tenant_id
        and positions.article_number = stock.article_number
        and positions.article_size_number = stock.article_size_number
        and positions.branch_number = stock.branch_number
inner join policies
    on
        positions.tenant_id = policies.tenant_id
        and positions.article_number = policies.article_number
inner join as_of
    on positions.tenant_id = as_of.tenant_id
left join ages
    on
        positions.tenant_id = ages.tenant_id
        and positions.article_number = ages.article_number
        and positions.article_size_number = ages.article_size_number
        and positions.branch_number = ages.branch_number
