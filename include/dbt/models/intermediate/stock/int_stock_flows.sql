{{ config(materialized='ephemeral') }}

with sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

)

select
    sales.tenant_id,
    sales.article_number,
    coalesce(numbers.article_size_number, 0) as article_size_number,
    sales.branch_number,
    sales.sold_on as moved_on,
    case when sales.units > 0 then sales.units else 0 end as units_sold,
    case when sales.units < 0 then -sales.units else 0 end as units_returned,
    0 as units_received
from sales
left join numbers
    on
        sales.tenant_id = numbers.tenant_id
        and sales.article_number = numbers.article_number
        and sales.article_size_number = numbers.scanned_number
where
    not sales.is_reversed
    and sales.article_number is not null
    and sales.branch_number is not null
union all
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    received_on as moved_on,
    0 as units_sold,
    0 as units_returned,
    delivered_units as units_received
from positions
where delivered_units > 0
