with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

apart as (

    select * from {{ ref('fct_lines_apart') }}
    where
        tenant_id = {{ tenant_id() }}
        and line_kind = 'write-off'

),

receipt_lines as (

    select * from {{ ref('receipt_line') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

-- What a line cost at its label price, and what came off it before the till and at it.
lines as (

    select
        sales.tenant_id,
        sales.article_number,
        sales.sold_on,
        sales.revenue,
        sales.is_staff_purchase,
        receipt_lines.list_amount,
        receipt_lines.deduction_amount as at_till,
        coalesce(sales.discount, 0) - receipt_lines.deduction_amount as before_till,
        cast(null as decimal(18, 2)) as write_off_units,
        cast(null as decimal(18, 2)) as write_off_cost
    from sales
    inner join receipt_lines
        on
            sales.tenant_id = receipt_lines.tenant_id
            and sales.sale_id = receipt_lines.sale_id
    union all
    select
        tenant_id,
        article_number,
        sold_on,
        cast(null as decimal(18, 2)) as revenue,
        cast(null as boolean) as is_staff_purchase,
        cast(null as decimal(18, 2)) as list_amount,
        cast(null as decimal(18, 2)) as at_till,
        cast(null as decimal(18, 2)) as before_till,
        units as write_off_units,
        cost as write_off_cost
    from apart

)

select
    lines.*,
    cast(date_trunc('month', lines.sold_on) as date) as month_start,
    coalesce(articles.season_number, 0) as season_number,
    coalesce(articles.category_number, 0) as category_number
from lines
left join articles
    on
        lines.tenant_id = articles.tenant_id
        and lines.article_number = articles.article_number
