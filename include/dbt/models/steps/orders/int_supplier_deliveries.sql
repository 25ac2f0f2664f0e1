with lines as (

    select * from {{ ref('int_supplier_order_lines') }}

),

-- The lines of an order that come together are one delivery and one observation. Seasonal goods are ordered
-- half a year ahead, which says nothing about how fast a reorder comes; nor does an order without a true date.
deliveries as (

    select distinct
        tenant_id,
        supplier_number,
        order_id,
        received_on,
        lead_time_days
    from lines
    where
        supplier_number is not null
        and delivered_units > 0
        and is_nos
        and lead_time_days between 0 and {{ var('longest_lead_time_days') }}

)

select
    tenant_id,
    supplier_number,
    count(*) as deliveries,
    avg(cast(lead_time_days as double)) as mean_days,
    coalesce(var_samp(cast(lead_time_days as double)), 0) as variance_days
from deliveries
group by tenant_id, supplier_number
