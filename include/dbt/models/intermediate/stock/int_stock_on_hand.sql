{{ config(materialized='ephemeral') }}

with stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

stocked_articles as (

    select * from {{ ref('int_stocked_articles') }}

)

select
    stock_reports.tenant_id,
    stock_reports.article_number,
    coalesce(stock_reports.article_size_number, 0) as article_size_number,
    stock_reports.branch_number,
    sum(coalesce(stock_reports.stock_units, 0)) as on_hand,
    sum(coalesce(stock_reports.on_approval_units, 0)) as on_approval,
    max(stock_reports.reported_at) as reported_at
from stock_reports
inner join stocked_articles
    on
        stock_reports.tenant_id = stocked_articles.tenant_id
        and stock_reports.article_number = stocked_articles.article_number
where stock_reports.branch_number is not null
group by
    stock_reports.tenant_id,
    stock_reports.article_number,
    coalesce(stock_reports.article_size_number, 0),
    stock_reports.branch_number
