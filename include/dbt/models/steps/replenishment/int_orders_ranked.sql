with needs as (

    select * from {{ ref('int_order_needs') }}

),

saved as (

    select
        *,
        order_units * unit_cost as order_cost,
        {{ expected_shortage('protection_units', 'protection_deviation', 'covered_units') }}
        - {{ expected_shortage('protection_units', 'protection_deviation', '(covered_units + order_units)') }}
            as units_saved
    from needs

),

valued as (

    select
        *,
        units_saved * unit_margin as margin_saved,
        case
            when order_cost > 0 then units_saved * unit_margin / order_cost
            else 0
        end as margin_saved_per_cost
    from saved

),

prioritised as (

    select
        *,
        row_number() over (
            partition by tenant_id
            order by
                margin_saved_per_cost desc,
                margin_saved desc,
                article_number asc,
                article_size_number asc,
                branch_number asc
        ) as priority
    from valued

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    demand_source,
    free_stock,
    on_order,
    on_order_in_time,
    reorder_point,
    order_up_to,
    protection_units,
    protection_deviation,
    stock_out_on,
    order_by_on,
    is_late,
    unit_cost,
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
    order_units,
    order_cost,
    units_saved,
    margin_saved,
    margin_saved_per_cost,
    priority,
    sum(order_cost) over (partition by tenant_id, supplier_number) as supplier_cost
from prioritised
