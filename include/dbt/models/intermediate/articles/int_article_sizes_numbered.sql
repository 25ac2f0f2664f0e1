{{ config(materialized='incremental') }}

with article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

-- A till writes the size's own number or the EAN printed on the label.
numbers as (

    select
        tenant_id,
        article_number,
        article_size_number,
        article_size_number as scanned_number,
        1 as preference
    from article_sizes
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        try_cast(ean as bigint) as scanned_number,
        2 as preference
    from article_sizes

)

select
    tenant_id,
    article_number,
    scanned_number,
    article_size_number
from numbers
where
    article_number is not null
    and scanned_number is not null
qualify
    row_number() over (
        partition by tenant_id, article_number, scanned_number
        order by preference, article_size_number
    ) = 1
