with positions as (

    select * from {{ ref('replenishment_position') }}
    where
        tenant_id = {{ tenant_id() }}
        and size_share > 0

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where
        tenant_id = {{ tenant_id() }}
        and not is_reordered

),

branches as (

    select * from {{ ref('dim_branch') }}
    where
        tenant_id = {{ tenant_id() }}
        and is_active

),

-- What the order rule would want if the article were reordered.
sized as (

    select
        positions.tenant_id,
        positions.article_number,
        greatest(positions.free_stock, 0) as stock,
        positions.on_order,
        positions.lead_units,
        positions.protection_units,
        positions.unit_cost,
        positions.protection_deviation,
        positions.protection_deviation
        * sqrt(policies.lead_time_days / (policies.lead_time_days + policies.review_days)) as lead_deviation,
        positions.unit_margin
    from positions
    inner join policies
        on
            positions.tenant_id = policies.tenant_id
            and positions.article_number = policies.article_number
    inner join branches
        on
            positions.tenant_id = branches.tenant_id
            and positions.branch_number = branches.branch_number

)

select
    tenant_id,
    article_number,
    sum(stock) as stock,
    sum(protection_units) as demand_units,
    max(unit_cost) as unit_cost,
    max(unit_margin) as unit_margin,
    sum(round({{ shortage_after_arrival('stock') }}, 6)) as missed_units
from sized
group by tenant_id, article_number
having
    sum(on_order) <= 0
    and sum(stock) <= sum(lead_units)
