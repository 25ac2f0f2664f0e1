{{ config(materialized='incremental') }}

with supplied as (

    select * from {{ ref('int_stock_supplied') }}

),

judged as (

    select
        *,
        case
            when is_reordered and target_units > 0 and free_stock <= 0 then 'stocked out'
            when is_reordered and target_units > 0 and stock_out_on < lead_time_ends_on
                then 'potential stock-out'
            when free_stock > 0 and is_dead then 'dead'
            when free_stock > target_units then 'excess'
            when on_order > 0 and expected_stock > target_units then 'surplus on order'
            else 'ok'
        end as stock_status
    from supplied

),

staked as (

    select
        *,
        case
            when stock_status in ('stocked out', 'potential stock-out')
                then {{ expected_shortage('lead_units', 'lead_deviation', 'stock_in_lead_time') }}
            when stock_status = 'dead' then free_stock
            when stock_status = 'excess' then free_stock - target_units
            when stock_status = 'surplus on order'
                then expected_stock - greatest(free_stock, target_units, 0)
            else 0
        end as units_at_stake,
        case
            when stock_status in ('stocked out', 'potential stock-out') then unit_margin
            when stock_status = 'ok' then 0
            else unit_cost
        end as money_per_unit
    from judged

),

valued as (

    select
        *,
        round({{ worth_of('units_at_stake', 'money_per_unit') }}, 2) as money_at_stake,
        -- A stock-out whose margin is not known ranks as if a unit earned what it costs.
        coalesce(round(units_at_stake * coalesce(money_per_unit, unit_cost), 2), 0) as money_ranked
    from staked

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    stock_status,
    round(units_at_stake, 4) as units_at_stake,
    cast(money_at_stake as decimal(18, 2)) as money_at_stake,
    case
        when money_at_stake is not null then null
        when stock_status in ('stocked out', 'potential stock-out') then 'no margin'
        else cost_note
    end as money_note,
    cast(row_number() over (
        partition by tenant_id
        order by
            money_ranked desc,
            round(units_at_stake, 4) desc,
            article_number asc,
            article_size_number asc,
            branch_number asc
    ) as bigint) as impact_rank,
    is_reordered,
    free_stock,
    on_order,
    target_units,
    days_of_supply,
    stock_out_on,
    case
        when is_new and not is_reordered then false
        when days_of_supply is null and supply_note <> 'no demand expected' then true
        else days_of_supply > {{ var('slow_days') }}
    end as is_slow,
    supply_note
from valued
