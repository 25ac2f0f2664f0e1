{{ config(materialized='incremental') }}

with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

spells as (

    select * from {{ ref('int_empty_spells') }}

),

-- What the size sold in the quarter before it ran out.
paced as (

    select
        spells.tenant_id,
        spells.article_number,
        spells.article_size_number,
        spells.branch_number,
        spells.started_on,
        sum(ledger.units_sold - ledger.units_returned) as units_before
    from spells
    inner join ledger
        on
            spells.tenant_id = ledger.tenant_id
            and spells.article_number = ledger.article_number
            and spells.article_size_number = ledger.article_size_number
            and spells.branch_number = ledger.branch_number
    where
        ledger.moved_on <= spells.started_on
        and ledger.moved_on > {{ add_days('spells.started_on', '-7 * ' ~ var('supply_weeks')) }}
    group by
        spells.tenant_id,
        spells.article_number,
        spells.article_size_number,
        spells.branch_number,
        spells.started_on

),

measured as (

    select
        spells.tenant_id,
        spells.article_number,
        spells.article_size_number,
        spells.branch_number,
        spells.started_on,
        case
            when spells.refilled_on <= least(as_of.as_of_date, spells.wanted_until) then spells.refilled_on
        end as refilled_on,
        case
            when least(spells.refilled_on, spells.wanted_until) <= as_of.as_of_date
                then least(spells.refilled_on, spells.wanted_until)
        end as ended_on,
        cast(spells.days_out as integer) as days_out,
        cast(spells.days_out_in_year as integer) as days_out_in_year,
        cast(greatest(coalesce(paced.units_before, 0), 0) as double)
        / (7 * {{ var('supply_weeks') }}) as daily_units_before
    from spells
    inner join as_of
        on spells.tenant_id = as_of.tenant_id
    left join paced
        on
            spells.tenant_id = paced.tenant_id
            and spells.article_number = paced.article_number
            and spells.article_size_number = paced.article_size_number
            and spells.branch_number = paced.branch_number
            and spells.started_on = paced.started_on

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    started_on,
    refilled_on,
    ended_on,
    days_out,
    days_out_in_year,
    ended_on is null as is_open,
    daily_units_before,
    -- Beyond a quarter the pace of before says little.
    least(days_out, 7 * {{ var('supply_weeks') }}) * daily_units_before as lost_units
from measured
