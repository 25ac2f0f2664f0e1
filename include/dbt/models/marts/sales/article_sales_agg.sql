{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where
        tenant_id = {{ tenant_id() }}
        and article_number is not null

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

summed as (

    select
        tenant_id,
        article_number,
        count(*) as line_count,
        sum(units) as units,
        sum(revenue) as revenue,
        sum(revenue_net) as revenue_net,
        {{ margin_of() }} as margin,
        {{ margin_note_of() }} as margin_note,
        min(sold_on) as first_sale_date,
        max(sold_on) as last_sale_date
    from sales
    group by tenant_id, article_number

)

select
    summed.tenant_id,
    summed.article_number,
    articles.article_name,
    articles.category_name,
    articles.supplier_name,
    summed.line_count,
    cast(summed.units as decimal(18, 2)) as units,
    cast(summed.revenue as decimal(18, 2)) as revenue,
    cast(summed.margin as decimal(18, 2)) as margin,
    summed.first_sale_date,
    summed.last_sale_date,
    cast(summed.revenue_net as decimal(18, 2)) as revenue_net,
    summed.margin_note
from summed
left join articles
    on
        summed.tenant_id = articles.tenant_id
        and summed.article_number = articles.article_number
