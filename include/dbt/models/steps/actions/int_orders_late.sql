with missed as (

    select * from {{ ref('int_supply_missed') }}

),

order_lines as (

    select * from {{ ref('int_open_order_lines') }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

open_days as (

    select * from {{ ref('int_open_days') }}

),

-- What is missed is asked of the lines one after the other, the one that was due first before the rest. What comes before
-- the goods are gone is there in time.
queued as (

    select
        order_lines.tenant_id,
        order_lines.article_number,
        order_lines.article_size_number,
        order_lines.branch_number,
        order_lines.order_position_id,
        order_lines.order_id,
        order_lines.open_units,
        order_lines.supply,
        order_lines.arrives_on,
        missed.stock_out_on,
        missed.filled_on,
        missed.demand_units,
        missed.as_of_date,
        missed.demand_units - missed.units_until_out - (
            sum(order_lines.open_units) over (
                partition by
                    order_lines.tenant_id,
                    order_lines.article_number,
                    order_lines.article_size_number,
                    order_lines.branch_number
                order by order_lines.due_on, order_lines.order_position_id
                rows between unbounded preceding and current row
            ) - order_lines.open_units
        ) as units_missed
    from order_lines
    inner join missed
        on
            order_lines.tenant_id = missed.tenant_id
            and order_lines.article_number = missed.article_number
            and order_lines.article_size_number = missed.article_size_number
            and order_lines.branch_number = missed.branch_number
    where
        order_lines.supply = 'unconfirmed'
        or (order_lines.supply = 'if expedited' and order_lines.arrives_on > missed.stock_out_on)
        or order_lines.arrives_on = missed.next_arrival_on

)

select
    queued.tenant_id,
    queued.article_number,
    queued.article_size_number,
    queued.branch_number,
    queued.order_position_id,
    queued.order_id,
    queued.open_units as units,
    round(least(queued.open_units, queued.units_missed), 4) as units_at_stake,
    round(least(queued.open_units, queued.units_missed), 4) * positions.unit_margin as margin_at_risk,
    case when queued.supply <> 'unconfirmed' then queued.arrives_on end as arrives_on,
    greatest(coalesce(open_days.last_open_on, queued.stock_out_on), queued.as_of_date) as due_on,
    queued.demand_units,
    queued.filled_on as demand_until
from queued
inner join policies
    on
        queued.tenant_id = policies.tenant_id
        and queued.article_number = policies.article_number
inner join positions
    on
        queued.tenant_id = positions.tenant_id
        and queued.article_number = positions.article_number
        and queued.article_size_number = positions.article_size_number
        and queued.branch_number = positions.branch_number
left join open_days
    on
        queued.tenant_id = open_days.tenant_id
        and queued.stock_out_on = open_days.date_day
where
    queued.filled_on - queued.stock_out_on >= policies.expedite_days
    and least(queued.open_units, queued.units_missed) >= policies.action_units
