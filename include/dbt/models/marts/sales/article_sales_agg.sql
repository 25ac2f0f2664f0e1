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
        count(*) as sale_count,
        sum(units) as total_quantity,
        sum(revenue) as total_amount,
        sum(revenue_net) as total_amount_net,
        {{ margin_of() }} as total_margin,
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
    summed.sale_count,
    cast(summed.total_quantity as decimal(18, 2)) as total_quantity,
    cast(summed.total_amount as decimal(18, 2)) as total_amount,
    cast(summed.total_margin as decimal(18, 2)) as total_margin,
    summed.first_sale_date,
    summed.last_sale_date,
    cast(summed.total_amount_net as decimal(18, 2)) as total_amount_net,
    summed.margin_note
from summed
left join articles
    on
        summed.tenant_id = articles.tenant_id
        and summed.article_number = articles.article_number
