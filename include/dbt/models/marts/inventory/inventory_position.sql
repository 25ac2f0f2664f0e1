{{ config(materialized='incremental') }}

with article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

lives as (

    select * from {{ ref('article_life') }}
    where tenant_id = {{ tenant_id() }}

),

counted as (

    select * from {{ ref('int_positions_counted') }}

),

sizes as (

    select
        tenant_id,
        article_number,
        coalesce(article_size_number, 0) as article_size_number,
        min(size) as size
    from article_sizes
    group by tenant_id, article_number, coalesce(article_size_number, 0)

),

positioned as (

    select
        counted.tenant_id,
        counted.article_number,
        counted.article_size_number,
        counted.branch_number,
        sizes.size,
        counted.on_hand,
        counted.on_approval,
        -- Less than nothing is an error of the books: it cannot be sold, has no value and is not ordered on top.
        greatest(counted.on_hand - counted.on_approval, 0) as free_stock,
        counted.on_order,
        counted.on_order_in_lead_time,
        counted.on_order_in_time,
        counted.on_order_unconfirmed,
        counted.next_arrival_on,
        cast(greatest(counted.recent_units, 0) as double)
        / {{ var('supply_weeks') }} as average_weekly_units,
        articles.purchase_price,
        coalesce(articles.is_nos, false) as is_nos,
        coalesce(lives.is_wanted, true) as is_wanted
    from counted
    left join sizes
        on
            counted.tenant_id = sizes.tenant_id
            and counted.article_number = sizes.article_number
            and counted.article_size_number = sizes.article_size_number
    left join articles
        on
            counted.tenant_id = articles.tenant_id
            and counted.article_number = articles.article_number
    left join lives
        on
            counted.tenant_id = lives.tenant_id
            and counted.article_number = lives.article_number
            and counted.article_size_number = lives.article_size_number
            and counted.branch_number = lives.branch_number

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    size,
    cast(on_hand as decimal(18, 2)) as on_hand,
    cast(on_approval as decimal(18, 2)) as on_approval,
    cast(free_stock as decimal(18, 2)) as free_stock,
    cast(on_order as decimal(18, 2)) as on_order,
    cast(on_order_in_lead_time as decimal(18, 2)) as on_order_in_lead_time,
    cast(on_order_in_time as decimal(18, 2)) as on_order_in_time,
    cast(on_order_unconfirmed as decimal(18, 2)) as on_order_unconfirmed,
    next_arrival_on,
    cast(free_stock + on_order_in_time as decimal(18, 2)) as available,
    cast(free_stock * purchase_price as decimal(18, 2)) as stock_value,
    average_weekly_units,
    case
        when average_weekly_units > 0
            then cast(free_stock as double) * 7 / average_weekly_units
    end as days_of_supply_at_past_sales,
    is_wanted and free_stock = 0 and (average_weekly_units > 0 or is_nos) as is_stocked_out,
    on_hand < 0 as is_negative_stock
from positioned
