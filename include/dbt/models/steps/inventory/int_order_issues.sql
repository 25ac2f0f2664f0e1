with needs as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    cost_note as issue,
    free_stock as units
from needs
where
    cost_note is not null
    and (is_reordered or free_stock > 0)
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
