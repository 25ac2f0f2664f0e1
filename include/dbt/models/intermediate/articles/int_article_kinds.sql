{{ config(materialized='ephemeral') }}

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

order_lines as (

    select * from {{ ref('purchase_order_line') }}
    where tenant_id = {{ tenant_id() }}

),

settings as (

    select * from {{ ref('stg_mercurios__tenant_settings') }}
    where
        tenant_id = {{ tenant_id() }}
        and setting = 'article_kind'

),

keys as (

    select * from {{ ref('int_article_numbers') }}

),

-- Goods of which some are bought are the retailer's own.
consigned as (

    select
        tenant_id,
        article_number
    from order_lines
    where article_number is not null
    group by tenant_id, article_number
    having count(case when is_consignment then 1 end) = count(*)

),

-- The tenant file names articles, suppliers and categories by number or by what the source calls them.
named as (

    select
        keys.tenant_id,
        keys.article_number,
        cast(keys.article_number as varchar) as article_key,
        articles.supplier_article_number as article_code,
        cast(articles.supplier_number as varchar) as supplier_key,
        suppliers.supplier_name,
        cast(articles.category_number as varchar) as category_key,
        categories.category_name,
        categories.is_service,
        consigned.article_number is not null as is_consignment
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
    left join consigned
        on
            keys.tenant_id = consigned.tenant_id
            and keys.article_number = consigned.article_number

)

select
    named.tenant_id,
    named.article_number,
    {{ article_kind() }} as article_kind
from named
left join settings
    on
        named.tenant_id = settings.tenant_id
        and (
            (settings.scope = 'article' and settings.scope_key in (named.article_key, named.article_code))
            or (
                settings.scope = 'supplier'
                and settings.scope_key in (named.supplier_key, named.supplier_name)
            )
            or (
                settings.scope = 'category'
                and settings.scope_key in (named.category_key, named.category_name)
            )
        )
group by named.tenant_id, named.article_number
