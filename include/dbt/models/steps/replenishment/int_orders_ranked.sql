with needs as (

    select * from {{ ref('int_order_needs') }}

),

-- What is short before the goods come is short with the order or without it.
weighed as (

    select
        *,
        order_units * unit_cost as order_cost,
        round(
            greatest(
                {{ shortage_after_arrival('covered_units') }}
                - {{ shortage_after_arrival('(covered_units + order_units)') }}, 0
            ), 6
        ) as units_at_risk
    from needs

),

valued as (

    select
        *,
        units_at_risk * unit_margin as margin_at_risk,
        case when order_cost > 0 then units_at_risk * unit_margin / order_cost end as margin_at_risk_per_cost,
        -- What a unit earns where it is not known: as much as it costs, which ranks by the units at risk.
        units_at_risk * coalesce(unit_margin, unit_cost) as money_at_risk
    from weighed

),

prioritised as (

    select
        *,
        row_number() over (
            partition by tenant_id
            order by
                case when order_cost > 0 then money_at_risk / order_cost else 0 end desc,
                coalesce(money_at_risk, 0) desc,
                units_at_risk desc,
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
    on_order_if_expedited,
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
    forgone_units,
    order_units,
    order_cost,
    units_at_risk,
    margin_at_risk,
    margin_at_risk_per_cost,
    priority,
    coalesce(sum(order_cost) over (partition by tenant_id, supplier_number), 0) as supplier_cost,
    count(*) over (partition by tenant_id, supplier_number)
    - count(order_cost) over (partition by tenant_id, supplier_number) as supplier_lines_without_cost
from prioritised
