{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    sold_on as sale_date,
    count(*) as sale_count,
    cast(sum(units) as decimal(18, 2)) as total_quantity,
    cast(sum(revenue) as decimal(18, 2)) as total_amount,
    cast({{ margin_of() }} as decimal(18, 2)) as total_margin,
    cast(sum(revenue_net) as decimal(18, 2)) as total_amount_net,
    {{ margin_note_of() }} as margin_note
from sales
group by tenant_id, sold_on
