with positions as (

    select * from {{ ref('replenishment_position') }}
    where
        tenant_id = {{ tenant_id() }}
        and not is_reordered

),

ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

stock as (

    select
        tenant_id,
        article_number,
        max(case when is_new then 1 else 0 end) = 1 as is_new,
        sum(greatest(free_stock, 0)) as free_stock,
        max(unit_cost) as unit_cost,
        max(cost_note) as cost_note
    from positions
    group by tenant_id, article_number

),

moved as (

    select
        tenant_id,
        article_number,
        sum(units_sold - units_returned) as units_sold,
        max(case when units_sold > 0 then moved_on end) as last_sold_on
    from ledger
    group by tenant_id, article_number

)

select
    stock.tenant_id,
    stock.article_number,
    stock.is_new,
    stock.free_stock,
    stock.unit_cost,
    stock.cost_note,
    greatest(coalesce(moved.units_sold, 0), 0) as units_sold,
    moved.last_sold_on
from stock
left join moved
    on
        stock.tenant_id = moved.tenant_id
        and stock.article_number = moved.article_number
where stock.free_stock > 0
