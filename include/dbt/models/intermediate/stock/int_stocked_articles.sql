{{ config(materialized='ephemeral') }}

with stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

)

-- An article without any size row keeps no stock, for example a service. One that has some is stocked
-- everywhere: a branch without a row holds none of it.
select distinct
    tenant_id,
    article_number
from stock_reports
where article_number is not null
