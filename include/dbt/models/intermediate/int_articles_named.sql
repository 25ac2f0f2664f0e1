{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('stg_prohandel__articles') }}
    where tenant_id = {{ tenant_id() }}

),

categories as (

    select * from {{ ref('stg_prohandel__categories') }}
    where tenant_id = {{ tenant_id() }}

),

suppliers as (

    select * from {{ ref('stg_prohandel__suppliers') }}
    where tenant_id = {{ tenant_id() }}

),

seasons as (

    select * from {{ ref('stg_prohandel__seasons') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('stg_prohandel__sales') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('stg_prohandel__article_sizes') }}
    where tenant_id = {{ tenant_id() }}

),

purchase_order_positions as (

    select * from {{ ref('stg_prohandel__purchase_order_positions') }}
    where tenant_id = {{ tenant_id() }}

),

-- A number that was deleted and given again must not multiply the rows that refer to it.
newest_articles as (

    select *
    from articles
    where article_number is not null
    qualify {{ is_newest('tenant_id, article_number', 'article_id') }}

),

newest_categories as (

    select *
    from categories
    qualify {{ is_newest('tenant_id, category_number', 'category_id') }}

),

newest_suppliers as (

    select
        *,
        coalesce(name_1, name_2, search_term) as supplier_name
    from suppliers
    qualify {{ is_newest('tenant_id, supplier_number', 'supplier_id') }}

),

newest_seasons as (

    select *
    from seasons
    qualify {{ is_newest('tenant_id, season_number', 'season_id') }}

),

-- Articles that were sold, stocked or ordered although their master is missing or deleted.
referenced as (

    select
        tenant_id,
        article_number
    from sales
    where article_number is not null
    union
    select
        tenant_id,
        article_number
    from article_sizes
    where article_number is not null
    union
    select
        tenant_id,
        article_number
    from purchase_order_positions
    where article_number is not null

),

keys as (

    select
        tenant_id,
        article_number
    from newest_articles
    union
    select
        tenant_id,
        article_number
    from referenced

),

named as (

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
                'coalesce(articles.text1, categories.category_name)',
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
        articles.purchase_price,
        articles.sale_price,
        articles.label_price,
        coalesce(articles.is_active, false) as is_active,
        coalesce(articles.is_nos, false) as is_nos,
        coalesce(categories.is_service_category, false) as is_service,
        articles.article_number is null as is_inferred
    from keys
    left join newest_articles as articles
        on
            keys.tenant_id = articles.tenant_id
            and keys.article_number = articles.article_number
    left join newest_categories as categories
        on
            articles.tenant_id = categories.tenant_id
            and articles.category_number = categories.category_number
    left join newest_suppliers as suppliers
        on
            articles.tenant_id = suppliers.tenant_id
            and articles.supplier_number = suppliers.supplier_number
    left join newest_seasons as seasons
        on
            articles.tenant_id = seasons.tenant_id
            and articles.season_number = seasons.season_number

)

select * from named
