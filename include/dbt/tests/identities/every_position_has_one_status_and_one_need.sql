{# No position vanishes, doubles or stays without a word between the stock reported and what is said of it. #}
with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

statuses as (

    select * from {{ ref('inventory_status') }}
    where tenant_id = {{ tenant_id() }}

),

needs as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

measures as (

    select * from {{ ref('inventory_measure') }}
    where tenant_id = {{ tenant_id() }}

),

found as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'position' as found_in
    from positions
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'status' as found_in
    from statuses
    where stock_status is not null
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'need' as found_in
    from needs
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'measure' as found_in
    from measures

)

select
    article_number,
    article_size_number,
    branch_number,
    count(*) as rows_found
from found
group by article_number, article_size_number, branch_number
having count(*) <> 4 or count(distinct found_in) <> 4
