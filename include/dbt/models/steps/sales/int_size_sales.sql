with article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

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

sizes as (

    select
        article_sizes.tenant_id,
        article_sizes.article_number,
        article_sizes.article_size_number,
        min(article_sizes.size) as size,
        coalesce(min(article_sizes.size_group), '') as size_group,
        coalesce(min(articles.category_number), 0) as category_number
    from article_sizes
    left join articles
        on
            article_sizes.tenant_id = articles.tenant_id
            and article_sizes.article_number = articles.article_number
    where
        article_sizes.article_number is not null
        and article_sizes.article_size_number is not null
    group by article_sizes.tenant_id, article_sizes.article_number, article_sizes.article_size_number

),

sold as (

    select
        sales.tenant_id,
        sales.article_number,
        numbers.article_size_number,
        greatest(sum(sales.units), 0) as units
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    inner join numbers
        on
            sales.tenant_id = numbers.tenant_id
            and sales.article_number = numbers.article_number
            and sales.scanned_number = numbers.scanned_number
    where {{ in_year('sales.sold_on') }}
    group by sales.tenant_id, sales.article_number, numbers.article_size_number

)

select
    sizes.*,
    cast(coalesce(sold.units, 0) as double) as units
from sizes
left join sold
    on
        sizes.tenant_id = sold.tenant_id
        and sizes.article_number = sold.article_number
        and sizes.article_size_number = sold.article_size_number
