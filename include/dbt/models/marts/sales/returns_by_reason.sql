{{ config(materialized='incremental') }}

with returned as (

    select * from {{ ref('int_returned_lines') }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

summed as (

    select
        returned.tenant_id,
        returned.month_start,
        coalesce(articles.supplier_number, 0) as supplier_number,
        coalesce(articles.category_number, 0) as category_number,
        returned.size,
        returned.return_reason_number,
        max(articles.supplier_name) as supplier_name,
        max(articles.category_name) as category_name,
        sum(returned.units) as returned_units,
        sum(returned.revenue) as returned_revenue,
        sum(case when returned.days_since_sale is not null then returned.units end) as dated_units,
        sum(returned.units * returned.days_since_sale) as unit_days
    from returned
    left join articles
        on
            returned.tenant_id = articles.tenant_id
            and returned.article_number = articles.article_number
    group by
        returned.tenant_id,
        returned.month_start,
        coalesce(articles.supplier_number, 0),
        coalesce(articles.category_number, 0),
        returned.size,
        returned.return_reason_number

),

compared as (

    select
        *,
        sum(returned_units) over (partition by tenant_id, month_start) as units_of_month,
        sum(returned_revenue) over (partition by tenant_id, month_start) as revenue_of_month
    from summed

)

select
    tenant_id,
    month_start,
    supplier_number,
    supplier_name,
    category_number,
    category_name,
    size,
    return_reason_number,
    cast(returned_units as decimal(18, 2)) as returned_units,
    cast(returned_revenue as decimal(18, 2)) as returned_revenue,
    {{ share_of('returned_units', 'units_of_month') }} as share_of_returned_units,
    {{ share_of('returned_revenue', 'revenue_of_month') }} as share_of_returned_revenue,
    round(cast(unit_days as double) / cast(dated_units as double), 6) as days_since_sale
from compared
