with classes as (

    select * from {{ ref('article_class') }}
    where tenant_id = {{ tenant_id() }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

),

sums as (

    select
        'revenue' as share_of,
        0 as article_number,
        sum(revenue_share) as total_share
    from classes
    having sum(revenue) > 0
    union all
    select
        'sizes' as share_of,
        article_number,
        sum(size_share) as total_share
    from curves
    group by article_number

)

select * from sums
where abs(total_share - 1) > 0.0001
