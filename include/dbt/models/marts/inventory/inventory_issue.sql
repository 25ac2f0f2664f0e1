{{ config(materialized='incremental') }}

with issues as (

    select * from {{ ref('int_stock_issues') }}
    union all
    select * from {{ ref('int_article_issues') }}
    union all
    select * from {{ ref('int_order_issues') }}

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    issue,
    cast(units as double) as units
from issues
