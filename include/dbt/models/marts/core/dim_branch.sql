{{ config(materialized='incremental') }}

with branches as (

    select * from {{ ref('branch') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

-- Branches that sold, stock or expect goods although their master is missing or deleted.
keys as (

    select
        tenant_id,
        branch_number
    from branches
    union
    select
        tenant_id,
        branch_number
    from sales
    where branch_number is not null
    union
    select
        tenant_id,
        branch_number
    from stock_reports
    where branch_number is not null
    union
    select
        tenant_id,
        branch_number
    from positions

)

select
    keys.tenant_id,
    keys.branch_number,
    coalesce(
        branches.branch_name,
        'Branch ' || cast(keys.branch_number as varchar)
    ) as branch_name,
    branches.city,
    branches.zip_code,
    branches.country_code as country_number,
    coalesce(branches.is_active, false) as is_active,
    coalesce(branches.is_webshop, false) as is_webshop,
    branches.branch_number is null as is_inferred
from keys
left join branches
    on
        keys.tenant_id = branches.tenant_id
        and keys.branch_number = branches.branch_number
