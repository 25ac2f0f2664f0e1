with needs as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

prices as (

    select * from {{ ref('int_article_prices') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

)

select
    needs.tenant_id,
    needs.article_number,
    needs.article_size_number,
    needs.branch_number,
    coalesce(prices.cost_issue, 'no purchase price') as issue,
    needs.free_stock as units
from needs
left join prices
    on
        needs.tenant_id = prices.tenant_id
        and needs.article_number = prices.article_number
where
    needs.unit_cost <= 0
    and (needs.is_reordered or needs.free_stock > 0)
union all
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    'no margin' as issue,
    free_stock as units
from needs
where
    unit_margin <= 0
    and is_reordered
union all
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    'no forecast' as issue,
    free_stock as units
from needs
where
    is_reordered
    and (demand_source = 'average' or (demand_source = 'none' and reorder_point > 0))
union all
select
    tenant_id,
    article_number,
    0 as article_size_number,
    0 as branch_number,
    'no supplier' as issue,
    0 as units
from policies
where
    is_reordered
    and supplier_number is null
union all
select
    tenant_id,
    article_number,
    0 as article_size_number,
    0 as branch_number,
    'no lead time' as issue,
    0 as units
from policies
where
    is_reordered
    and lead_time_source = 'default'
