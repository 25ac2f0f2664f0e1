with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

receipt_lines as (

    select * from {{ ref('receipt_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and units < 0

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

sizes as (

    select
        numbers.tenant_id,
        numbers.article_number,
        numbers.scanned_number,
        min(article_sizes.size) as size
    from numbers
    inner join article_sizes
        on
            numbers.tenant_id = article_sizes.tenant_id
            and numbers.article_number = article_sizes.article_number
            and numbers.article_size_number = article_sizes.article_size_number
    group by numbers.tenant_id, numbers.article_number, numbers.scanned_number

),

-- No receipt names the one that it takes back from: the newest sale of the size in the branch is the latest it can be.
dated as (

    select
        *,
        max(case when units > 0 then sold_on end) over (
            partition by tenant_id, branch_number, article_number, scanned_number
            order by sold_on range between unbounded preceding and current row
        ) as last_sold_on
    from sales

)

select
    dated.tenant_id,
    dated.sale_id,
    dated.article_number,
    cast(date_trunc('month', dated.sold_on) as date) as month_start,
    coalesce(sizes.size, 'no size') as size,
    coalesce(receipt_lines.return_reason_number, 0) as return_reason_number,
    -dated.units as units,
    -dated.revenue as revenue,
    case
        when dated.article_number is not null and dated.branch_number is not null
            then dated.sold_on - dated.last_sold_on
    end as days_since_sale
from dated
left join receipt_lines
    on
        dated.tenant_id = receipt_lines.tenant_id
        and dated.sale_id = receipt_lines.sale_id
left join sizes
    on
        dated.tenant_id = sizes.tenant_id
        and dated.article_number = sizes.article_number
        and dated.scanned_number = sizes.scanned_number
where dated.units < 0
