{{ config(materialized='ephemeral') }}

with stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    branch_number,
    sum(coalesce(stock_units, 0)) as stock_units
from stock_reports
where
    article_number is not null
    and branch_number is not null
group by tenant_id, article_number, branch_number
