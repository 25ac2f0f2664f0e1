{{ config(materialized='ephemeral') }}

with sales as (

    select * from {{ ref('int_sales_booked') }}

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

tenants as (

    select * from {{ ref('stg_mercurios__tenants') }}
    where tenant_id = {{ tenant_id() }}

),

delivered as (

    select
        positions.*,
        {{
            utc_of('cast(positions.received_on as timestamp)', "coalesce(tenants.time_zone, 'UTC')")
        }} as received_at
    from positions
    left join tenants
        on positions.tenant_id = tenants.tenant_id
    where positions.delivered_units > 0

)

select
    sales.tenant_id,
    sales.article_number,
    coalesce(numbers.article_size_number, 0) as article_size_number,
    sales.branch_number,
    sales.moved_on,
    sales.moved_at,
    coalesce(-sales.units, 0) as units_moved,
    case
        when sales.units > 0 and sales.line_kind in {{ sales_kinds() }} then sales.units
        else 0
    end as units_sold,
    case
        when sales.units < 0 and sales.line_kind in {{ sales_kinds() }} then -sales.units
        else 0
    end as units_returned,
    case
        when sales.line_kind in {{ correction_kinds() }} then coalesce(-sales.units, 0)
        else 0
    end as units_corrected,
    0 as units_received
from sales
left join numbers
    on
        sales.tenant_id = numbers.tenant_id
        and sales.article_number = numbers.article_number
        and sales.scanned_number = numbers.scanned_number
union all
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    received_on as moved_on,
    {{ booked_at('received_at', 'last_changed_at', 24) }} as moved_at,
    delivered_units as units_moved,
    0 as units_sold,
    0 as units_returned,
    0 as units_corrected,
    delivered_units as units_received
from delivered
