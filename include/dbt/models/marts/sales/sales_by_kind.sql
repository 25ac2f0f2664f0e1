{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

lines_apart as (

    select * from {{ ref('fct_lines_apart') }}
    where tenant_id = {{ tenant_id() }}

),

lines as (

    select
        tenant_id,
        sold_on,
        branch_number,
        line_kind,
        units,
        revenue as amount,
        cost
    from sales
    union all
    select
        tenant_id,
        sold_on,
        branch_number,
        line_kind,
        units,
        amount,
        cost
    from lines_apart

)

select
    tenant_id,
    sold_on,
    coalesce(branch_number, 0) as branch_number,
    line_kind,
    line_kind in {{ sales_kinds() }} as is_sale_of_goods,
    count(*) as line_count,
    cast(sum(coalesce(units, 0)) as decimal(18, 2)) as units,
    cast(sum(coalesce(amount, 0)) as decimal(18, 2)) as amount,
    cast(sum(cost) as decimal(18, 2)) as cost,
    cast(count(*) - count(cost) as bigint) as lines_without_cost
from lines
group by tenant_id, sold_on, coalesce(branch_number, 0), line_kind
