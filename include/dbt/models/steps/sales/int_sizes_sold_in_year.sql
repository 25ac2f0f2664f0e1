with numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    sales.tenant_id,
    sales.article_number,
    numbers.article_size_number,
    sales.branch_number,
    sum(sales.units) as units_sold,
    sum(sales.revenue) as revenue,
    sum(sales.cost) as cost,
    sum(sales.revenue_net) as revenue_net,
    {{ priced_revenue() }} as priced_revenue,
    {{ margin_of() }} as margin,
    count(*) as line_count,
    count(*) - count(sales.margin) as unpriced_lines,
    {{ first_reason('sales.margin_note') }} as margin_note
from sales
inner join as_of
    on sales.tenant_id = as_of.tenant_id
inner join numbers
    on
        sales.tenant_id = numbers.tenant_id
        and sales.article_number = numbers.article_number
        and sales.scanned_number = numbers.scanned_number
where
    {{ in_year('sales.sold_on') }}
    and sales.branch_number is not null
group by sales.tenant_id, sales.article_number, numbers.article_size_number, sales.branch_number
