{{ config(materialized='incremental') }}

with levels as (

    select * from {{ ref('int_size_levels') }}

),

cover as (

    select * from {{ ref('int_stock_cover') }}

),

forgone as (

    select * from {{ ref('int_demand_forgone') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    levels.tenant_id,
    levels.article_number,
    levels.article_size_number,
    levels.branch_number,
    levels.is_reordered,
    levels.is_new,
    levels.demand_source,
    levels.free_stock,
    levels.on_order,
    levels.available,
    levels.size_share,
    round(levels.daily_units, 6) as daily_units,
    round(levels.lead_units, 6) as lead_units,
    case when levels.customers_wait then 0 else round(forgone.forgone_units, 6) end as forgone_units,
    round(levels.protection_units, 6) as protection_units,
    round(levels.protection_deviation, 6) as protection_deviation,
    round(levels.horizon_units, 6) as horizon_units,
    round(levels.safety_stock, 6) as safety_stock,
    levels.reorder_point,
    levels.order_up_to,
    levels.target_units,
    case
        when levels.horizon_units > 0 then round(cover.days_of_free_stock, 4)
    end as days_of_supply,
    case
        when levels.horizon_units > 0
            then {{ add_days('as_of.as_of_date', 'floor(cover.days_to_stock_out)') }}
    end as stock_out_on,
    case
        when levels.is_reordered and levels.horizon_units > 0 and cover.days_to_stock_out is not null
            then {{ add_days(
                'as_of.as_of_date', 'floor(greatest(cover.days_to_stock_out - levels.lead_time_days, 0))'
            ) }}
    end as order_by_on,
    coalesce(
        levels.is_reordered
        and levels.horizon_units > 0
        and cover.days_to_stock_out < levels.lead_time_days, false
    ) as is_late,
    levels.unit_cost,
    levels.cost_note,
    round(levels.unit_margin, 4) as unit_margin,
    {{ supply_note('levels.horizon_units', 'cover.days_to_stock_out') }} as supply_note
from levels
inner join cover
    on
        levels.tenant_id = cover.tenant_id
        and levels.article_number = cover.article_number
        and levels.article_size_number = cover.article_size_number
        and levels.branch_number = cover.branch_number
inner join forgone
    on
        levels.tenant_id = forgone.tenant_id
        and levels.article_number = forgone.article_number
        and levels.article_size_number = forgone.article_size_number
        and levels.branch_number = forgone.branch_number
inner join as_of
    on levels.tenant_id = as_of.tenant_id
