{{ config(materialized='incremental') }}

with line_issues as (

    select * from {{ ref('int_line_issues') }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

position_issues as (

    select * from {{ ref('int_stock_issues') }}
    union all
    select * from {{ ref('int_supply_issues') }}
    union all
    select * from {{ ref('int_article_issues') }}
    union all
    select * from {{ ref('int_order_issues') }}

),

-- What is about stock is worth what the goods cost, or sell for where no cost is known.
issues as (

    select
        position_issues.tenant_id,
        position_issues.article_number,
        position_issues.article_size_number,
        position_issues.branch_number,
        position_issues.issue,
        position_issues.units,
        position_issues.units * coalesce(articles.purchase_price, articles.sale_price, 0) as amount
    from position_issues
    left join articles
        on
            position_issues.tenant_id = articles.tenant_id
            and position_issues.article_number = articles.article_number
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        issue,
        units,
        amount
    from line_issues

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    issue,
    cast(units as double) as units,
    cast(amount as decimal(18, 2)) as amount
from issues
