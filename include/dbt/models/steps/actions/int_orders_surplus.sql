with wanted as (

    select * from {{ ref('int_supply_wanted') }}
    where is_judged or is_too_late_to_sell

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

demands as (

    select
        wanted.tenant_id,
        wanted.order_position_id,
        coalesce(
            {{ demand_within('wanted.demand_until - wanted.as_of_date', 'wanted', 'outlook') }}, 0
        ) as demand_units
    from wanted
    left join outlook
        on
            wanted.tenant_id = outlook.tenant_id
            and wanted.article_number = outlook.article_number
            and wanted.branch_number = outlook.branch_number
    group by wanted.tenant_id, wanted.order_position_id

),

measured as (

    select
        wanted.*,
        demands.demand_units,
        case
            when wanted.is_too_late_to_sell then wanted.open_units
            else
                least(
                    wanted.open_units,
                    floor(wanted.units_with_it - demands.demand_units - wanted.level_units)
                )
        end as surplus_units
    from wanted
    inner join demands
        on
            wanted.tenant_id = demands.tenant_id
            and wanted.order_position_id = demands.order_position_id

),

-- What is left of a line is whole packs.
packed as (

    select
        measured.*,
        policies.action_units,
        case
            when measured.surplus_units >= measured.open_units then measured.open_units
            else policies.pack_size * floor(measured.surplus_units / policies.pack_size)
        end as units
    from measured
    inner join policies
        on
            measured.tenant_id = policies.tenant_id
            and measured.article_number = policies.article_number

)

select
    tenant_id,
    case when units < open_units then 'reduce' else 'cancel' end as action,
    article_number,
    article_size_number,
    branch_number,
    order_position_id,
    order_id,
    units,
    units * unit_cost as surplus_value,
    confirmed_on as arrives_on,
    greatest(coalesce(confirmed_on, as_of_date), as_of_date) as due_on,
    demand_units,
    demand_until,
    level_units
from packed
where
    units >= action_units
    and 4 * units >= open_units
