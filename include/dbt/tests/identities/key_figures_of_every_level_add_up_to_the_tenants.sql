with kpis as (

    select * from {{ ref('inventory_kpi') }}
    where tenant_id = {{ tenant_id() }}

),

levels as (

    select
        kpi_level,
        sum(positions) as positions,
        sum(free_stock) as free_stock,
        sum(stock_out_days) as stock_out_days,
        sum(units_sold) as units_sold
    from kpis
    group by kpi_level

),

tenants as (

    select * from levels
    where kpi_level = 'tenant'

)

select levels.*
from levels
cross join tenants
where
    levels.positions <> tenants.positions
    or abs(levels.free_stock - tenants.free_stock) > 0.5
    or abs(levels.stock_out_days - tenants.stock_out_days) > 0.5
    or abs(levels.units_sold - tenants.units_sold) > 0.5
