{{ config(materialized='incremental') }}

with branches as (

    select * from {{ ref('stg_prohandel__branches') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('stg_prohandel__article_sizes') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

newest_branches as (

    select *
    from branches
    where branch_number is not null
    qualify {{ is_newest('tenant_id, branch_number', 'branch_id') }}

),

-- Branches that sold, stock or expect goods although their master is missing or deleted.
keys as (

    select
        tenant_id,
        branch_number
    from newest_branches
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
    from article_sizes
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
        branches.name_1,
        branches.name_2,
        branches.search_term,
        'Branch ' || cast(keys.branch_number as varchar)
    ) as branch_name,
    branches.city,
    branches.zip_code,
    branches.country_number,
    coalesce(branches.is_active, false) as is_active,
    coalesce(branches.is_webshop, false) as is_webshop,
    branches.branch_number is null as is_inferred
from keys
left join newest_branches as branches
    on
        keys.tenant_id = branches.tenant_id
        and keys.branch_number = branches.branch_number
