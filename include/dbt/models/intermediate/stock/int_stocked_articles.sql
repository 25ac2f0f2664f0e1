{{ config(materialized='ephemeral') }}

with stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('int_articles_named') }}
    where
        tenant_id = {{ tenant_id() }}
        and article_kind in {{ goods_kinds() }}

)

-- An article without any size row keeps no stock, and no service does. One that has some is stocked everywhere: a branch
-- without a row holds none of it.
select distinct
    stock_reports.tenant_id,
    stock_reports.article_number
from stock_reports
inner join articles
    on
        stock_reports.tenant_id = articles.tenant_id
        and stock_reports.article_number = articles.article_number
