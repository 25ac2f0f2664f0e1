{# Every summary of sales holds the units and the revenue of the receipt lines it summarises. #}
with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

daily as (

    select * from {{ ref('daily_sales_agg') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('article_sales_agg') }}
    where tenant_id = {{ tenant_id() }}

),

weekly as (

    select * from {{ ref('sales_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

months as (

    select * from {{ ref('branch_monthly') }}
    where tenant_id = {{ tenant_id() }}

),

seasons as (

    select * from {{ ref('sales_by_season') }}
    where tenant_id = {{ tenant_id() }}

),

differences as (

    select
        'daily_sales_agg ' || cast(sold_on as varchar) as slice,
        units,
        revenue
    from sales
    union all
    select
        'daily_sales_agg ' || cast(sold_on as varchar) as slice,
        -units as units,
        -revenue as revenue
    from daily
    union all
    select
        'article_sales_agg ' || cast(article_number as varchar) as slice,
        units,
        revenue
    from sales
    where article_number is not null
    union all
    select
        'article_sales_agg ' || cast(article_number as varchar) as slice,
        -units as units,
        -revenue as revenue
    from articles
    union all
    select
        'sales_weekly ' || cast(week_start as varchar) || ' ' || cast(coalesce(branch_number, 0) as varchar)
            as slice,
        units,
        revenue
    from sales
    union all
    select
        'sales_weekly ' || cast(week_start as varchar) || ' ' || cast(branch_number as varchar) as slice,
        -units as units,
        -revenue as revenue
    from weekly
    union all
    select
        'branch_monthly ' || cast(date_trunc('month', sold_on) as varchar) || ' '
        || cast(coalesce(branch_number, 0) as varchar) as slice,
        units,
        revenue
    from sales
    union all
    select
        'branch_monthly ' || cast(date_trunc('month', month_start) as varchar) || ' '
        || cast(branch_number as varchar) as slice,
        -units as units,
        -revenue as revenue
    from months
    union all
    select
        'sales_by_season ' || cast(date_trunc('month', sold_on) as varchar) as slice,
        units,
        revenue
    from sales
    union all
    select
        'sales_by_season ' || cast(date_trunc('month', month_start) as varchar) as slice,
        -units as units,
        -revenue as revenue
    from seasons

)

select
    slice,
    sum(units) as units,
    sum(revenue) as revenue
from differences
group by slice
having
    sum(units) <> 0
    or sum(revenue) <> 0
