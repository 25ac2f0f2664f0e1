with demand as (

    select * from {{ ref('int_size_demand') }}

),

levelled as (

    select
        *,
        case
            when not is_reordered then 0
            when coalesce(is_carried, false)
                then greatest(round(protection_units + protection_spread, 0), display_units)
            else round(protection_units + protection_spread, 0)
        end as reorder_point,
        case
            when not is_reordered then 0
            when coalesce(is_carried, false)
                then greatest(
                    round(protection_units + protection_spread + daily_units * order_cycle_days, 0),
                    display_units
                )
            else round(protection_units + protection_spread + daily_units * order_cycle_days, 0)
        end as order_up_to
    from demand

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    is_reordered,
    is_new,
    demand_source,
    free_stock,
    on_order,
    available,
    lead_time_days,
    lead_time_days + review_days as protection_days,
    customers_wait,
    size_share,
    horizon_days,
    horizon_units,
    daily_units,
    daily_units_after_horizon,
    lead_units,
    protection_units,
    protection_deviation,
    unit_cost,
    cost_note,
    unit_margin,
    reorder_point,
    order_up_to,
    greatest(reorder_point - protection_units, 0) as safety_stock,
    case
        when is_reordered then order_up_to
        when is_new
            then
                greatest(
                    round(horizon_units + horizon_spread, 0), greatest(free_stock, 0) + on_order_confirmed
                )
        else round(horizon_units + horizon_spread, 0)
    end as target_units
from levelled
