with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

)

select
    positions.tenant_id,
    positions.article_number,
    positions.article_size_number,
    positions.branch_number,
    branches.is_active as is_branch_active,
    cast(positions.free_stock as double) as free_stock,
    cast(positions.on_order as double) as on_order,
    cast(positions.on_order - positions.on_order_unconfirmed as double) as on_order_confirmed,
    cast(positions.available as double) as available,
    cast(sum(positions.available) over (
        partition by positions.tenant_id, positions.article_number, positions.branch_number
    ) as double) as available_in_branch
from positions
inner join branches
    on
        positions.tenant_id = branches.tenant_id
        and positions.branch_number = branches.branch_number
