with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

planned as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('int_recent_sales') }}

),

figures as (

    select
        positions.tenant_id,
        positions.article_number,
        positions.article_size_number,
        positions.branch_number,
        coalesce(sales.units_4_weeks, 0) as sold_4_weeks,
        coalesce(sales.units, 0) as sold_13_weeks,
        positions.free_stock,
        positions.on_order,
        positions.next_arrival_on,
        planned.stock_out_on,
        planned.supply_note
    from positions
    left join planned
        on
            positions.tenant_id = planned.tenant_id
            and positions.article_number = planned.article_number
            and positions.article_size_number = planned.article_size_number
            and positions.branch_number = planned.branch_number
    left join sales
        on
            positions.tenant_id = sales.tenant_id
            and positions.article_number = sales.article_number
            and positions.article_size_number = sales.article_size_number
            and positions.branch_number = sales.branch_number

)

select * from figures
union all
select
    tenant_id,
    article_number,
    cast(null as bigint) as article_size_number,
    cast(null as bigint) as branch_number,
    sum(sold_4_weeks) as sold_4_weeks,
    sum(sold_13_weeks) as sold_13_weeks,
    sum(free_stock) as free_stock,
    sum(on_order) as on_order,
    min(next_arrival_on) as next_arrival_on,
    cast(null as date) as stock_out_on,
    'article as a whole' as supply_note
from figures
group by tenant_id, article_number
