{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

dated as (

    select * from {{ ref('int_stock_dates') }}

),

-- What was never sold is as old as its receipt, and what came without one as its first trace.
aged as (

    select
        *,
        as_of_date - coalesce(last_sold_on, last_received_on, first_moved_on) as days_since_sale,
        as_of_date - coalesce(last_received_on, last_sold_on, first_moved_on) as days_since_receipt
    from dated

)

select
    aged.tenant_id,
    aged.article_number,
    aged.article_size_number,
    aged.branch_number,
    aged.on_hand,
    aged.units_under_90,
    aged.units_under_180 - aged.units_under_90 as units_90_to_179,
    aged.units_under_365 - aged.units_under_180 as units_180_to_364,
    aged.on_hand - aged.units_under_365 as units_from_365,
    cast((aged.on_hand - aged.units_under_180) * articles.purchase_price as decimal(18, 2)) as value_from_180,
    aged.last_received_on,
    aged.last_sold_on,
    aged.days_since_sale >= {{ var('dead_days') }}
    and aged.days_since_receipt >= {{ var('dead_days') }} as is_dead
from aged
left join articles
    on
        aged.tenant_id = articles.tenant_id
        and aged.article_number = articles.article_number
