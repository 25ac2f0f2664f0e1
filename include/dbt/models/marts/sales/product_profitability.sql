{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where
        tenant_id = {{ tenant_id() }}
        and article_number is not null

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

kpis as (

    select * from {{ ref('inventory_kpi') }}
    where
        tenant_id = {{ tenant_id() }}
        and kpi_level = 'article'

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

summed as (

    select
        sales.tenant_id,
        sales.article_number,
        sum(sales.units) as units,
        sum(sales.revenue) as revenue,
        sum(coalesce(sales.discount, 0)) as discount,
        sum(sales.cost) as cost,
        sum(sales.revenue_net) as revenue_net,
        {{ priced_revenue() }} as priced_revenue,
        {{ margin_of() }} as margin,
        {{ margin_note_of() }} as margin_note
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where {{ in_year('sales.sold_on') }}
    group by sales.tenant_id, sales.article_number

)

select
    summed.tenant_id,
    summed.article_number,
    articles.article_name,
    articles.category_number,
    articles.supplier_number,
    cast(summed.units as decimal(18, 2)) as units,
    cast(summed.revenue as decimal(18, 2)) as revenue,
    cast(summed.discount as decimal(18, 2)) as discount,
    case
        when summed.revenue + summed.discount > 0 and summed.discount >= 0 and summed.revenue >= 0
            then round(
                cast(summed.discount as double) / cast(summed.revenue + summed.discount as double), 6
            )
    end as discount_rate,
    cast(summed.cost as decimal(18, 2)) as cost,
    cast(summed.margin as decimal(18, 2)) as margin,
    {{ margin_rate('summed.margin', 'summed.priced_revenue') }} as margin_rate,
    kpis.average_stock_value,
    kpis.gmroi,
    cast(row_number() over (
        partition by summed.tenant_id
        order by summed.margin desc nulls last, summed.article_number asc
    ) as bigint) as margin_rank,
    cast(summed.revenue_net as decimal(18, 2)) as revenue_net,
    summed.margin_note,
    {{ rate_note('summed') }} as rate_note
from summed
left join articles
    on
        summed.tenant_id = articles.tenant_id
        and summed.article_number = articles.article_number
left join kpis
    on
        summed.tenant_id = kpis.tenant_id
        and cast(summed.article_number as varchar) = kpis.kpi_key
