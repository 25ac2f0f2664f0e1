{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('int_articles_named') }}
    where tenant_id = {{ tenant_id() }}

),

prices as (

    select * from {{ ref('int_article_prices') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('int_sales_classified') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

sale_days as (

    select
        tenant_id,
        article_number,
        min(sold_on) as first_sold_on,
        max(sold_on) as last_sold_on
    from sales
    where
        units > 0
        and line_kind in {{ sales_kinds() }}
    group by tenant_id, article_number

),

receipt_days as (

    select
        tenant_id,
        article_number,
        min(received_on) as first_received_on
    from positions
    where delivered_units > 0
    group by tenant_id, article_number

)

select
    articles.tenant_id,
    articles.article_number,
    articles.article_name,
    articles.category_number,
    articles.category_name,
    articles.department_number,
    articles.main_category_number,
    articles.general_category_number,
    articles.supplier_number,
    articles.supplier_name,
    articles.supplier_article_number,
    articles.supplier_colour,
    articles.season_number,
    articles.season_name,
    prices.unit_cost as purchase_price,
    case when prices.unit_cost is null then coalesce(prices.cost_issue, 'no purchase price') end as cost_note,
    articles.sale_price,
    articles.label_price,
    articles.is_active,
    articles.is_nos,
    articles.article_kind,
    articles.is_service,
    articles.is_supplier_active,
    articles.is_inferred,
    sale_days.first_sold_on,
    sale_days.last_sold_on,
    receipt_days.first_received_on,
    prices.tax_number,
    prices.sale_price_net
from articles
left join prices
    on
        articles.tenant_id = prices.tenant_id
        and articles.article_number = prices.article_number
left join sale_days
    on
        articles.tenant_id = sale_days.tenant_id
        and articles.article_number = sale_days.article_number
left join receipt_days
    on
        articles.tenant_id = receipt_days.tenant_id
        and articles.article_number = receipt_days.article_number
