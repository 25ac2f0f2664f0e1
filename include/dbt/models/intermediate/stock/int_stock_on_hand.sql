{{ config(materialized='ephemeral') }}

with stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    coalesce(article_size_number, 0) as article_size_number,
    branch_number,
    sum(coalesce(stock_units, 0)) as on_hand,
    sum(coalesce(on_approval_units, 0)) as on_approval,
    max(reported_at) as reported_at
from stock_reports
where
    article_number is not null
    and branch_number is not null
group by tenant_id, article_number, coalesce(article_size_number, 0), branch_number
