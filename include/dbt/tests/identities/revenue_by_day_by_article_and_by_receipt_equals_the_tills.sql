{# Whichever way fct_sales and fct_lines_apart are added up, they give what the tills wrote, reversals included. #}
with tills as (

    select * from {{ ref('receipt_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and sold_on is not null

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

lines_apart as (

    select * from {{ ref('fct_lines_apart') }}
    where tenant_id = {{ tenant_id() }}

),

differences as (

    select
        tenant_id,
        sold_on,
        branch_number,
        receipt_number,
        article_number,
        units,
        paid_amount as revenue
    from tills
    union all
    select
        tenant_id,
        sold_on,
        branch_number,
        receipt_number,
        article_number,
        -units as units,
        -revenue as revenue
    from sales
    union all
    select
        tenant_id,
        sold_on,
        branch_number,
        receipt_number,
        article_number,
        -units as units,
        -amount as revenue
    from lines_apart

),

by_day as (

    select
        cast(sold_on as varchar) as slice,
        sum(units) as units,
        sum(revenue) as revenue
    from differences
    group by sold_on

),

by_article as (

    select
        cast(article_number as varchar) as slice,
        sum(units) as units,
        sum(revenue) as revenue
    from differences
    group by article_number

),

by_receipt as (

    select
        cast(receipt_number as varchar) as slice,
        sum(units) as units,
        sum(revenue) as revenue
    from differences
    group by branch_number, sold_on, receipt_number

),

slices as (

    select
        'day' as slice_of,
        *
    from by_day
    union all
    select
        'article' as slice_of,
        *
    from by_article
    union all
    select
        'receipt' as slice_of,
        *
    from by_receipt

)

select * from slices
where
    units <> 0
    or revenue <> 0
