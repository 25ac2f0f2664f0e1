with articles as (

    select
        tenant_id,
        article_number,
        coalesce(supplier_number, 0) as supplier_number
    from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where
        tenant_id = {{ tenant_id() }}
        and article_number is not null

),

leftovers as (

    select * from {{ ref('markdown_candidate') }}
    where
        tenant_id = {{ tenant_id() }}
        and is_candidate

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

sold as (

    select
        sales.tenant_id,
        sales.article_number,
        sum(case when sales.units > 0 then sales.units else 0 end) as gross_units,
        sum(case when sales.units < 0 then -sales.units else 0 end) as returned_units
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where {{ in_year('sales.sold_on') }}
    group by sales.tenant_id, sales.article_number

)

select
    articles.tenant_id,
    articles.supplier_number,
    case
        when sum(sold.gross_units) > 0
            then round(cast(sum(sold.returned_units) as double) / cast(sum(sold.gross_units) as double), 6)
    end as return_rate,
    case
        when count(leftovers.article_number) = 0 or count(leftovers.leftover_value) > 0
            then coalesce(sum(leftovers.leftover_value), 0)
    end as leftover_value
from articles
left join sold
    on
        articles.tenant_id = sold.tenant_id
        and articles.article_number = sold.article_number
left join leftovers
    on
        articles.tenant_id = leftovers.tenant_id
        and articles.article_number = leftovers.article_number
group by articles.tenant_id, articles.supplier_number
