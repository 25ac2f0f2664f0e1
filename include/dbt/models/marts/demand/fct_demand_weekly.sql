{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

stock as (

    select * from {{ ref('int_stock_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

lives as (

    select * from {{ ref('int_branch_life') }}

),

filled as (

    select * from {{ ref('int_weekly_sales') }}

)

select
    filled.tenant_id,
    filled.article_number,
    filled.branch_number,
    filled.week_start,
    cast(filled.units as double) as units,
    cast(filled.gross_units as double) as gross_units,
    cast(filled.returned_units as double) as returned_units,
    cast(filled.revenue as decimal(18, 2)) as revenue,
    case
        -- Nothing is known about the stock of a service or of an article without sizes.
        when stock.closing_stock is null then false
        -- Sold from an empty book: the book is wrong, the goods were there.
        when
            stock.opening_stock <= 0
            and stock.units_received <= 0
            and filled.gross_units > 0
            then false
        when stock.closing_stock <= 0 then true
        -- Refilled too late in the week to sell.
        else stock.opening_stock <= 0 and filled.gross_units = 0
    end as is_stock_out,
    coalesce(filled.week_start >= lives.over_since, false) as is_over,
    stock.closing_stock,
    articles.category_number,
    articles.season_number,
    coalesce(articles.is_nos, false) as is_nos
from filled
left join stock
    on
        filled.tenant_id = stock.tenant_id
        and filled.article_number = stock.article_number
        and filled.branch_number = stock.branch_number
        and filled.week_start = stock.week_start
left join articles
    on
        filled.tenant_id = articles.tenant_id
        and filled.article_number = articles.article_number
left join lives
    on
        filled.tenant_id = lives.tenant_id
        and filled.article_number = lives.article_number
        and filled.branch_number = lives.branch_number
