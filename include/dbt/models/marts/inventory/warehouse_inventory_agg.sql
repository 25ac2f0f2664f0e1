{{ config(materialized='incremental') }}

with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

summed as (

    select
        tenant_id,
        branch_number,
        count(distinct case when on_hand > 0 then article_number end) as article_count,
        sum(on_hand) as on_hand,
        sum(on_order) as on_order,
        sum(stock_value) as stock_value,
        count(distinct case when free_stock <> 0 then article_number end) as articles,
        count(distinct case when free_stock <> 0 and stock_value is null then article_number end)
            as unvalued_articles,
        sum(case when on_hand < 0 then 1 else 0 end) as negative_count
    from positions
    group by tenant_id, branch_number

)

select
    summed.tenant_id,
    summed.branch_number,
    branches.branch_name,
    summed.article_count,
    cast(summed.on_hand as decimal(18, 2)) as on_hand,
    cast(summed.on_order as decimal(18, 2)) as on_order,
    cast(summed.stock_value as decimal(18, 2)) as stock_value,
    case
        when summed.unvalued_articles > 0
            then {{ some_of('summed.unvalued_articles', 'summed.articles', 'articles: no purchase price') }}
    end as value_note,
    cast(summed.negative_count as bigint) as negative_count
from summed
left join branches
    on
        summed.tenant_id = branches.tenant_id
        and summed.branch_number = branches.branch_number
