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

margins as (

    select
        sales.tenant_id,
        sales.article_number,
        sum(case when sales.margin is not null then sales.units end) as units,
        sum(sales.margin) as margin
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where {{ in_year('sales.sold_on') }}
    group by sales.tenant_id, sales.article_number

),

-- What a unit earned in the last year comes before what the price list says; what neither says is null.
prices as (

    select
        articles.tenant_id,
        articles.article_number,
        articles.cost_note,
        cast(articles.purchase_price as double) as unit_cost,
        cast(
            case
                when margins.units > 0 then margins.margin / margins.units
                else articles.sale_price_net - articles.purchase_price
            end as double
        ) as unit_margin
    from articles
    left join margins
        on
            articles.tenant_id = margins.tenant_id
            and articles.article_number = margins.article_number

),

-- What was sold or delivered for the first time a few weeks ago, or is only on order yet.
launches as (

    select
        articles.tenant_id,
        articles.article_number,
        coalesce(articles.first_sold_on, articles.first_received_on) as first_seen_on,
        coalesce(
            coalesce(articles.first_sold_on, articles.first_received_on)
            > {{ add_days('as_of.as_of_date', '-7 * ' ~ var('new_weeks')) }},
            true
        ) as is_new
    from articles
    inner join as_of
        on articles.tenant_id = as_of.tenant_id

)

select
    prices.tenant_id,
    prices.article_number,
    prices.unit_cost,
    prices.cost_note,
    case when prices.unit_margin < 0 then 0 else prices.unit_margin end as unit_margin,
    launches.first_seen_on,
    launches.is_new
from prices
inner join launches
    on
        prices.tenant_id = launches.tenant_id
        and prices.article_number = launches.article_number
