{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- A line of no known article is of no season, category and supplier.
lines as (

    select
        sales.*,
        cast(date_trunc('month', sales.sold_on) as date) as month_start,
        coalesce(articles.season_number, 0) as season_number,
        articles.season_name,
        coalesce(articles.category_number, 0) as category_number,
        articles.category_name,
        articles.general_category_number,
        articles.main_category_number,
        articles.department_number,
        coalesce(articles.is_nos, false) as is_nos,
        coalesce(articles.supplier_number, 0) as supplier_number,
        articles.supplier_name,
        coalesce(articles.supplier_colour, 'no colour') as colour,
        {{ price_tier('articles.label_price') }} as price_tier
    from sales
    left join articles
        on
            sales.tenant_id = articles.tenant_id
            and sales.article_number = articles.article_number

),

summed as (

    select
        tenant_id,
        month_start,
        season_number,
        category_number,
        is_nos,
        supplier_number,
        colour,
        price_tier,
        max(season_name) as season_name,
        max(category_name) as category_name,
        max(general_category_number) as general_category_number,
        max(main_category_number) as main_category_number,
        max(department_number) as department_number,
        max(supplier_name) as supplier_name,
        count(distinct article_number) as articles_sold,
        sum(units) as units,
        sum(case when units > 0 then units else 0 end) as gross_units,
        sum(revenue) as revenue,
        sum(revenue_net) as revenue_net,
        sum(coalesce(discount, 0)) as discount,
        sum(cost) as cost,
        {{ margin_of() }} as margin,
        {{ margin_note_of() }} as margin_note,
        {{ priced_revenue() }} as priced_revenue,
        case
            when max(max(case when is_staff_purchase then 1 else 0 end)) over (partition by tenant_id) = 1
                then sum(case when is_staff_purchase then revenue else 0 end)
        end as staff_revenue
    from lines
    group by
        tenant_id, month_start, season_number, category_number, is_nos, supplier_number, colour, price_tier

)

select
    summed.tenant_id,
    summed.month_start,
    summed.season_number,
    summed.season_name,
    summed.category_number,
    summed.category_name,
    summed.general_category_number,
    summed.main_category_number,
    summed.department_number,
    summed.is_nos,
    summed.supplier_number,
    summed.supplier_name,
    summed.colour,
    summed.price_tier,
    cast({{ later_by('summed.month_start', 'month', 1) }} as date) <= as_of.as_of_date as is_month_over,
    summed.articles_sold,
    cast(summed.units as decimal(18, 2)) as units,
    cast(summed.gross_units as decimal(18, 2)) as gross_units,
    cast(summed.gross_units - summed.units as decimal(18, 2)) as returned_units,
    cast(summed.revenue as decimal(18, 2)) as revenue,
    cast(summed.revenue_net as decimal(18, 2)) as revenue_net,
    cast(summed.discount as decimal(18, 2)) as discount,
    {{ share_of('summed.discount', '(summed.revenue + summed.discount)') }} as discount_rate,
    cast(summed.cost as decimal(18, 2)) as cost,
    cast(summed.margin as decimal(18, 2)) as margin,
    {{ margin_rate('summed.margin', 'summed.priced_revenue') }} as margin_rate,
    summed.margin_note,
    {{ rate_note('summed', of_staff=true) }} as rate_note,
    cast(summed.staff_revenue as decimal(18, 2)) as staff_revenue,
    {{ share_of('summed.staff_revenue', 'summed.revenue') }} as staff_share
from summed
inner join as_of
    on summed.tenant_id = as_of.tenant_id
