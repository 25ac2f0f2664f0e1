with covered as (

    select * from {{ ref('int_supply_covered') }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

classes as (

    select * from {{ ref('article_class') }}
    where tenant_id = {{ tenant_id() }}

),

needed as (

    select
        covered.*,
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
        classes.weeks_measured
    from covered
    inner join policies
        on
            covered.tenant_id = policies.tenant_id
            and covered.article_number = policies.article_number
    left join classes
        on
            covered.tenant_id = classes.tenant_id
            and covered.article_number = classes.article_number

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
    forgone_units,
    covered_units,
    pack_size
    * ceil(greatest(order_up_to - covered_units, minimum_order_units) / pack_size) as order_units
from needed
where covered_units < reorder_point
