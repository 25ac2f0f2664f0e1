with spells as (

    select * from {{ ref('stock_out_spells') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select
        *,
        {{ add_days('as_of_date', -364) }} as first_day
    from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

-- Spells that began before the year count with their days in it.
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
