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

-- A receipt is one per branch, day and number; its lines of several categories each count it.
lines as (

    select
        sales.tenant_id,
        sales.week_start,
        coalesce(sales.branch_number, 0) as branch_number,
        coalesce(articles.category_number, 0) as category_number,
        cast(sales.sold_on as varchar) || '/' || cast(sales.receipt_number as varchar) as receipt,
        sales.units,
        sales.revenue,
        sales.discount,
        sales.cost,
        sales.margin,
        sales.revenue_net,
        sales.margin_note
    from sales
    left join articles
        on
            sales.tenant_id = articles.tenant_id
            and sales.article_number = articles.article_number

)

select
    lines.tenant_id,
    lines.week_start,
    lines.branch_number,
    lines.category_number,
    lines.week_start <= min(as_of.last_complete_week) as is_complete,
    count(distinct case when lines.units > 0 then lines.receipt end) as receipts,
    cast(sum(lines.units) as decimal(18, 2)) as units,
    cast(sum(case when lines.units < 0 then -lines.units else 0 end) as decimal(18, 2)) as returned_units,
    cast(sum(lines.revenue) as decimal(18, 2)) as revenue,
    cast(sum(coalesce(lines.discount, 0)) as decimal(18, 2)) as discount,
    cast(sum(lines.cost) as decimal(18, 2)) as cost,
    cast({{ margin_of() }} as decimal(18, 2)) as margin,
    cast(sum(lines.revenue_net) as decimal(18, 2)) as revenue_net,
    {{ margin_note_of() }} as margin_note
from lines
inner join as_of
    on lines.tenant_id = as_of.tenant_id
group by lines.tenant_id, lines.week_start, lines.branch_number, lines.category_number
