{{ config(materialized='incremental') }}

with delivered as (

    select * from {{ ref('int_supplier_year') }}

),

learned as (

    select * from {{ ref('supplier_lead_time') }}
    where tenant_id = {{ tenant_id() }}

),

sold as (

    select * from {{ ref('int_supplier_sales') }}

),

kpis as (

    select
        tenant_id,
        cast(kpi_key as bigint) as supplier_number,
        units_sold,
        free_stock,
        stock_value,
        value_note,
        dead_value,
        sell_through,
        revenue_net,
        margin,
        margin_rate,
        margin_note
    from {{ ref('inventory_kpi') }}
    where
        tenant_id = {{ tenant_id() }}
        and kpi_level = 'supplier'

),

suppliers as (

    select * from {{ ref('supplier') }}
    where tenant_id = {{ tenant_id() }}

),

known as (

    select
        tenant_id,
        supplier_number
    from delivered
    union distinct
    select
        tenant_id,
        supplier_number
    from kpis

)

select
    known.tenant_id,
    known.supplier_number,
    suppliers.supplier_name,
    suppliers.is_active as is_supplier_active,
    coalesce(delivered.orders_placed, 0) as orders_placed,
    cast(coalesce(delivered.ordered_units, 0) as double) as ordered_units,
    cast(delivered.ordered_value as decimal(18, 2)) as ordered_value,
    delivered.value_note,
    cast(coalesce(delivered.units_received, 0) as double) as units_received,
    cast(coalesce(delivered.short_units, 0) as double) as short_units,
    case
        when delivered.finished_units > 0
            then round(cast(delivered.short_units as double) / cast(delivered.finished_units as double), 6)
    end as short_share,
    case
        when delivered.due_units > 0
            then round(cast(delivered.arrived_units as double) / cast(delivered.due_units as double), 6)
    end as arrived_share,
    coalesce(learned.overdue_units, 0) as overdue_units,
    coalesce(learned.deliveries, 0) as deliveries,
    learned.observed_days,
    learned.lead_time_days,
    coalesce(kpis.units_sold, 0) as units_sold,
    sold.return_rate,
    kpis.sell_through,
    coalesce(kpis.free_stock, 0) as free_stock,
    kpis.stock_value,
    cast(sold.leftover_value as decimal(18, 2)) as leftover_value,
    kpis.dead_value,
    kpis.value_note as stock_value_note,
    kpis.revenue_net,
    kpis.margin,
    kpis.margin_rate,
    kpis.margin_note
from known
left join delivered
    on
        known.tenant_id = delivered.tenant_id
        and known.supplier_number = delivered.supplier_number
left join learned
    on
        known.tenant_id = learned.tenant_id
        and known.supplier_number = learned.supplier_number
left join sold
    on
        known.tenant_id = sold.tenant_id
        and known.supplier_number = sold.supplier_number
left join kpis
    on
        known.tenant_id = kpis.tenant_id
        and known.supplier_number = kpis.supplier_number
left join suppliers
    on
        known.tenant_id = suppliers.tenant_id
        and known.supplier_number = suppliers.supplier_number
