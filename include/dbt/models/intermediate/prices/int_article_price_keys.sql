{{ config(materialized='ephemeral') }}

with keys as (

    select * from {{ ref('int_article_numbers') }}

),

articles as (

    select * from {{ ref('article') }}
    where tenant_id = {{ tenant_id() }}

),

categories as (

    select * from {{ ref('category') }}
    where tenant_id = {{ tenant_id() }}

),

suppliers as (

    select * from {{ ref('supplier') }}
    where tenant_id = {{ tenant_id() }}

),

discounts as (

    select * from {{ ref('int_article_discounts') }}

),

basis as (

    select * from {{ ref('int_price_basis') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    keys.tenant_id,
    keys.article_number,
    coalesce(articles.tax_number, categories.tax_number, basis.default_tax_number) as tax_number,
    coalesce(articles.currency_code, suppliers.currency_code, basis.currency) as currency_code,
    case
        when basis.cost_basis = 'net_purchase_price' then discounts.cost_factor
        else cast(1 as decimal(9, 6))
    end as cost_factor,
    articles.purchase_price,
    articles.sale_price,
    articles.list_price,
    basis.includes_tax,
    as_of.as_of_date
from keys
left join articles
    on
        keys.tenant_id = articles.tenant_id
        and keys.article_number = articles.article_number
left join categories
    on
        articles.tenant_id = categories.tenant_id
        and articles.category_number = categories.category_number
left join suppliers
    on
        articles.tenant_id = suppliers.tenant_id
        and articles.supplier_number = suppliers.supplier_number
left join discounts
    on
        keys.tenant_id = discounts.tenant_id
        and keys.article_number = discounts.article_number
left join basis
    on keys.tenant_id = basis.tenant_id
left join as_of
    on keys.tenant_id = as_of.tenant_id
