with positions as (

    select * from {{ ref('replenishment_position') }}
    where
        tenant_id = {{ tenant_id() }}
        and is_reordered

),

transfers as (

    select * from {{ ref('replenishment_transfer') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

order_lines as (

    select * from {{ ref('int_open_order_lines') }}
    where supply = 'if expedited'

),

classes as (

    select * from {{ ref('article_class') }}
    where tenant_id = {{ tenant_id() }}

),

incoming as (

    select
        tenant_id,
        article_number,
        article_size_number,
        to_branch_number as branch_number,
        sum(units) as transferred_units
    from transfers
    group by tenant_id, article_number, article_size_number, to_branch_number

),

expedited as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        cast(sum(open_units) as double) as units
    from order_lines
    group by tenant_id, article_number, article_size_number, branch_number

),

needed as (

    select
        positions.*,
        policies.supplier_number,
        policies.value_class,
        policies.variability_class,
        policies.lead_time_days,
        policies.lead_time_source,
        policies.review_days,
        policies.pack_size,
        policies.minimum_order_units,
        policies.minimum_order_value,
        policies.budget,
        classes.demand_class,
        classes.weeks_measured,
        coalesce(incoming.transferred_units, 0) as transferred_units,
        positions.available - greatest(positions.free_stock, 0) as on_order_in_time,
        coalesce(expedited.units, 0) as on_order_if_expedited,
        positions.available + coalesce(incoming.transferred_units, 0) + coalesce(expedited.units, 0)
            as covered_units
    from positions
    inner join policies
        on
            positions.tenant_id = policies.tenant_id
            and positions.article_number = policies.article_number
    left join classes
        on
            positions.tenant_id = classes.tenant_id
            and positions.article_number = classes.article_number
    left join incoming
        on
            positions.tenant_id = incoming.tenant_id
            and positions.article_number = incoming.article_number
            and positions.article_size_number = incoming.article_size_number
            and positions.branch_number = incoming.branch_number
    left join expedited
        on
            positions.tenant_id = expedited.tenant_id
            and positions.article_number = expedited.article_number
            and positions.article_size_number = expedited.article_size_number
            and positions.branch_number = expedited.branch_number

)

-- At most one unit short of a pack more than is needed, unless a minimum asks for more.
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    demand_source,
    free_stock,
    on_order,
    on_order_in_time,
    on_order_if_expedited,
    reorder_point,
    order_up_to,
    protection_units,
    protection_deviation,
    lead_units,
    protection_deviation * sqrt(lead_time_days / (lead_time_days + review_days)) as lead_deviation,
    stock_out_on,
    order_by_on,
    is_late,
    unit_cost,
    unit_margin,
    supplier_number,
    value_class,
    variability_class,
    lead_time_days,
    lead_time_source,
    review_days,
    pack_size,
    minimum_order_value,
    budget,
    demand_class,
    weeks_measured,
    transferred_units,
    covered_units,
    pack_size
    * ceil(greatest(order_up_to - covered_units, minimum_order_units) / pack_size) as order_units
from needed
where covered_units < reorder_point
