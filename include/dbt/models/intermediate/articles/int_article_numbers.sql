{{ config(materialized='ephemeral') }}

with articles as (

    select * from {{ ref('article') }}
    where tenant_id = {{ tenant_id() }}

),

receipt_lines as (

    select * from {{ ref('receipt_line') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

order_lines as (

    select * from {{ ref('purchase_order_line') }}
    where tenant_id = {{ tenant_id() }}

),

-- Articles that were sold, stocked or ordered although their master is missing or deleted.
referenced as (

    select
        tenant_id,
        article_number
    from receipt_lines
    where article_number is not null
    union
    select
        tenant_id,
        article_number
    from article_sizes
    where article_number is not null
    union
    select
        tenant_id,
        article_number
    from order_lines
    where article_number is not null

)

select
    tenant_id,
    article_number
from articles
union
select
    tenant_id,
    article_number
from referenced
