{{ config(materialized='incremental') }}

with articles as (

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

seasons as (

    select * from {{ ref('season') }}
    where tenant_id = {{ tenant_id() }}

),

kinds as (

    select * from {{ ref('int_article_kinds') }}

),

keys as (

    select * from {{ ref('int_article_numbers') }}

)

select
    keys.tenant_id,
    keys.article_number,
    articles.category_number,
    articles.supplier_number,
    articles.season_number,
    categories.department_number,
    categories.main_category_number,
    categories.general_category_number,
    coalesce(
        {{ joined_text([
            'coalesce(articles.article_text, categories.category_name)',
            'suppliers.supplier_name',
            'articles.supplier_article_number',
            'articles.supplier_colour',
        ]) }},
        'Article ' || cast(keys.article_number as varchar)
    ) as article_name,
    categories.category_name,
    suppliers.supplier_name,
    seasons.season_name,
    articles.supplier_article_number,
    articles.supplier_colour,
    articles.sale_price,
    articles.label_price,
    coalesce(articles.is_active, false) as is_active,
    coalesce(articles.is_nos, false) as is_nos,
    kinds.article_kind,
    kinds.article_kind not in {{ goods_kinds() }} as is_service,
    coalesce(suppliers.is_active, true) as is_supplier_active,
    articles.article_number is null as is_inferred
from keys
inner join kinds
    on
        keys.tenant_id = kinds.tenant_id
        and keys.article_number = kinds.article_number
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
left join seasons
    on
        articles.tenant_id = seasons.tenant_id
        and articles.season_number = seasons.season_number
