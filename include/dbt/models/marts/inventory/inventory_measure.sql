{{ config(materialized='incremental') }}

with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

spells as (

    select * from {{ ref('stock_out_spells') }}
    where tenant_id = {{ tenant_id() }}

),

statuses as (

    select * from {{ ref('inventory_status') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select
        *,
        {{ add_days('as_of_date', -364) }} as first_day
    from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- Stock times the days it stood, over the 365 days to today; before the first movement stood what it opened with.
held as (

    select
        ledger.tenant_id,
        ledger.article_number,
        ledger.article_size_number,
        ledger.branch_number,
        sum(
            greatest(ledger.closing_stock, 0)
            * greatest(ledger.next_moved_on - greatest(ledger.moved_on, as_of.first_day), 0)
        ) as unit_days,
        sum(
            case when ledger.closing_stock > 0 then 1 else 0 end
            * greatest(ledger.next_moved_on - greatest(ledger.moved_on, as_of.first_day), 0)
        ) as days_in_stock,
        sum(
            case when ledger.moved_on >= as_of.first_day then ledger.units_received else 0 end
        ) as units_received,
        max(case
            when ledger.moved_on <= as_of.first_day and ledger.next_moved_on > as_of.first_day
                then
                    case
                        when ledger.moved_on = as_of.first_day then ledger.opening_stock
                        else ledger.closing_stock
                    end
        end) as opening_stock,
        max(case when ledger.moved_on = as_of.as_of_date then ledger.closing_stock end) as closing_stock
    from ledger
    inner join as_of
        on ledger.tenant_id = as_of.tenant_id
    group by ledger.tenant_id, ledger.article_number, ledger.article_size_number, ledger.branch_number

),

sold as (

    select
        sales.tenant_id,
        sales.article_number,
        numbers.article_size_number,
        sales.branch_number,
        sum(sales.units) as units_sold,
        sum(sales.revenue) as revenue,
        sum(sales.cost) as cost,
        sum(sales.margin) as margin
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    inner join numbers
        on
            sales.tenant_id = numbers.tenant_id
            and sales.article_number = numbers.article_number
            and sales.article_size_number = numbers.scanned_number
    where
        sales.sold_on >= as_of.first_day
        and sales.branch_number is not null
    group by sales.tenant_id, sales.article_number, numbers.article_size_number, sales.branch_number

),

-- Spells that began before the year count with their days in it.
out_of_stock as (

    select
        spells.tenant_id,
        spells.article_number,
        spells.article_size_number,
        spells.branch_number,
        count(*) as stock_out_spells,
        sum(
            coalesce(spells.refilled_on, {{ add_days('as_of.as_of_date', 1) }})
            - greatest(spells.started_on, as_of.first_day)
        ) as stock_out_days,
        sum(
            spells.lost_units
            * (
                coalesce(spells.refilled_on, {{ add_days('as_of.as_of_date', 1) }})
                - greatest(spells.started_on, as_of.first_day)
            )
            / spells.days_out
        ) as lost_units
    from spells
    inner join as_of
        on spells.tenant_id = as_of.tenant_id
    where
        not spells.is_sell_out
        and coalesce(spells.refilled_on, {{ add_days('as_of.as_of_date', 1) }}) > as_of.first_day
    group by spells.tenant_id, spells.article_number, spells.article_size_number, spells.branch_number

)

select
    statuses.tenant_id,
    statuses.article_number,
    statuses.article_size_number,
    statuses.branch_number,
    cast(coalesce(sold.units_sold, 0) as double) as units_sold,
    cast(coalesce(sold.revenue, 0) as double) as revenue,
    cast(coalesce(sold.cost, 0) as double) as cost,
    cast(coalesce(sold.margin, 0) as double) as margin,
    round(coalesce(held.unit_days, 0) / 365, 6) as average_stock,
    round(coalesce(held.unit_days, 0) / 365 * positions.unit_cost, 6) as average_stock_value,
    coalesce(held.opening_stock, 0) as opening_stock,
    coalesce(held.units_received, 0) as units_received,
    cast(coalesce(held.days_in_stock, 0) as double) as days_in_stock,
    cast(coalesce(out_of_stock.stock_out_spells, 0) as double) as stock_out_spells,
    cast(coalesce(out_of_stock.stock_out_days, 0) as double) as stock_out_days,
    round(cast(coalesce(out_of_stock.lost_units, 0) as double), 6) as lost_units,
    statuses.free_stock,
    greatest(statuses.free_stock, 0) * positions.unit_cost as stock_value,
    positions.daily_units,
    greatest(statuses.free_stock - statuses.target_units, 0) as excess_units,
    greatest(statuses.free_stock - statuses.target_units, 0) * positions.unit_cost as excess_value,
    case
        when statuses.free_stock > 0 and coalesce(statuses.is_slow, true) then statuses.free_stock
        else 0
    end as slow_units,
    case
        when statuses.free_stock > 0 and coalesce(statuses.is_slow, true)
            then statuses.free_stock * positions.unit_cost
        else 0
    end as slow_value,
    case
        when statuses.stock_status = 'dead' then statuses.free_stock * positions.unit_cost
        else 0
    end as dead_value,
    policies.service_level
from statuses
inner join positions
    on
        statuses.tenant_id = positions.tenant_id
        and statuses.article_number = positions.article_number
        and statuses.article_size_number = positions.article_size_number
        and statuses.branch_number = positions.branch_number
inner join policies
    on
        statuses.tenant_id = policies.tenant_id
        and statuses.article_number = policies.article_number
left join held
    on
        statuses.tenant_id = held.tenant_id
        and statuses.article_number = held.article_number
        and statuses.article_size_number = held.article_size_number
        and statuses.branch_number = held.branch_number
left join sold
    on
        statuses.tenant_id = sold.tenant_id
        and statuses.article_number = sold.article_number
        and statuses.article_size_number = sold.article_size_number
        and statuses.branch_number = sold.branch_number
left join out_of_stock
    on
        statuses.tenant_id = out_of_stock.tenant_id
        and statuses.article_number = out_of_stock.article_number
        and statuses.article_size_number = out_of_stock.article_size_number
        and statuses.branch_number = out_of_stock.branch_number
