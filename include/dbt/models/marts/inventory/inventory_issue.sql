{{ config(materialized='incremental') }}

with line_issues as (

    select * from {{ ref('int_line_issues') }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

-- What was paid for an article on average, for where no master tells what it costs.
ordered as (

    select
        tenant_id,
        article_number,
        sum(ordered_units * purchase_price) / sum(ordered_units) as unit_cost
    from {{ ref('purchase_order_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and article_number is not null
        and ordered_units > 0
        and purchase_price > 0
    group by tenant_id, article_number

),

position_issues as (

    select
        *,
        cast(null as decimal(18, 2)) as order_value
    from {{ ref('int_stock_issues') }}
    union all
    select * from {{ ref('int_supply_issues') }}
    union all
    select
        *,
        cast(null as decimal(18, 2)) as order_value
    from {{ ref('int_article_issues') }}
    union all
    select
        *,
        cast(null as decimal(18, 2)) as order_value
    from {{ ref('int_order_issues') }}

),

-- What is about stock is worth what the goods cost, or sell for where no cost is known; a price of 0 is not known.
issues as (

    select
        position_issues.tenant_id,
        position_issues.article_number,
        position_issues.article_size_number,
        position_issues.branch_number,
        position_issues.issue,
        position_issues.units,
        case
            when position_issues.units = 0 then 0
            else
                coalesce(
                    position_issues.units
                    * coalesce(articles.purchase_price, nullif(articles.sale_price, 0), ordered.unit_cost),
                    position_issues.order_value
                )
        end as amount
    from position_issues
    left join articles
        on
            position_issues.tenant_id = articles.tenant_id
            and position_issues.article_number = articles.article_number
    left join ordered
        on
            position_issues.tenant_id = ordered.tenant_id
            and position_issues.article_number = ordered.article_number
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        issue,
        units,
        amount
    from line_issues

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    issue,
    cast(units as double) as units,
    cast(amount as decimal(18, 2)) as amount
from issues
