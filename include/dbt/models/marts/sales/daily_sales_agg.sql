{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    sold_on,
    count(*) as line_count,
    cast(sum(units) as decimal(18, 2)) as units,
    cast(sum(revenue) as decimal(18, 2)) as revenue,
    cast({{ margin_of() }} as decimal(18, 2)) as margin,
    cast(sum(revenue_net) as decimal(18, 2)) as revenue_net,
    {{ margin_note_of() }} as margin_note
from sales
group by tenant_id, sold_on
