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

weeks_back as (

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

first_weeks as (

    select
        tenant_id,
        article_number,
        branch_number,
        min(week_start) as first_week
    from weekly_sales
    group by tenant_id, article_number, branch_number

),

spine as (

    select
        first_weeks.tenant_id,
        first_weeks.article_number,
        first_weeks.branch_number,
        {{ add_days('as_of.last_complete_week', '-7 * weeks_back.n') }} as week_start
    from first_weeks
    inner join as_of
        on first_weeks.tenant_id = as_of.tenant_id
    inner join weeks_back
        on weeks_back.n <= (as_of.last_complete_week - first_weeks.first_week) / 7

),

filled as (

    select
        spine.tenant_id,
        spine.article_number,
        spine.branch_number,
        spine.week_start,
        coalesce(weekly_sales.units, 0) as units,
        coalesce(weekly_sales.gross_units, 0) as gross_units,
        coalesce(weekly_sales.returned_units, 0) as returned_units,
        coalesce(weekly_sales.revenue, 0) as revenue,
        stock.opening_stock,
        stock.units_received,
        stock.closing_stock
    from spine
    left join weekly_sales
        on
            spine.tenant_id = weekly_sales.tenant_id
            and spine.article_number = weekly_sales.article_number
            and spine.branch_number = weekly_sales.branch_number
            and spine.week_start = weekly_sales.week_start
    left join stock
        on
            spine.tenant_id = stock.tenant_id
            and spine.article_number = stock.article_number
            and spine.branch_number = stock.branch_number
            and spine.week_start = stock.week_start

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
        when filled.closing_stock is null then false
        -- Sold from an empty book: the book is wrong, the goods were there.
        when
            filled.opening_stock <= 0
            and filled.units_received <= 0
            and filled.gross_units > 0
            then false
        when filled.closing_stock <= 0 then true
        -- Refilled too late in the week to sell.
        else filled.opening_stock <= 0 and filled.gross_units = 0
    end as is_stock_out,
    filled.closing_stock,
    articles.category_number,
    articles.season_number,
    coalesce(articles.is_nos, false) as is_nos
from filled
left join articles
    on
        filled.tenant_id = articles.tenant_id
        and filled.article_number = articles.article_number
