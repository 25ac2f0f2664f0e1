{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

stock as (

    select * from {{ ref('int_stock_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

weeks_on as (

    {{ integers(var('max_weeks')) }}

),

weekly_sales as (

    select
        sales.tenant_id,
        sales.article_number,
        sales.branch_number,
        sales.week_start,
        sum(sales.units) as units,
        sum(case when sales.units > 0 then sales.units else 0 end) as gross_units,
        sum(case when sales.units < 0 then -sales.units else 0 end) as returned_units,
        sum(sales.revenue) as revenue
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where
        sales.article_number is not null
        and sales.branch_number is not null
        and sales.week_start <= as_of.last_complete_week
    group by sales.tenant_id, sales.article_number, sales.branch_number, sales.week_start

),

sold as (

    select
        weekly_sales.*,
        lead(weekly_sales.week_start, 1, {{ add_days('as_of.last_complete_week', 7) }}) over (
            partition by weekly_sales.tenant_id, weekly_sales.article_number, weekly_sales.branch_number
            order by weekly_sales.week_start
        ) as next_week
    from weekly_sales
    inner join as_of
        on weekly_sales.tenant_id = as_of.tenant_id

),

-- A week with sales and the weeks without any that follow it.
filled as (

    select
        sold.tenant_id,
        sold.article_number,
        sold.branch_number,
        {{ add_days('sold.week_start', '7 * weeks_on.n') }} as week_start,
        case when weeks_on.n = 0 then sold.units else 0 end as units,
        case when weeks_on.n = 0 then sold.gross_units else 0 end as gross_units,
        case when weeks_on.n = 0 then sold.returned_units else 0 end as returned_units,
        case when weeks_on.n = 0 then sold.revenue else 0 end as revenue
    from sold
    inner join weeks_on
        on weeks_on.n < (sold.next_week - sold.week_start) / 7

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
