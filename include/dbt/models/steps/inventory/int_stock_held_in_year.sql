with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select
        runs.tenant_id,
        {{ year_begins_on('runs') }} as first_day,
        {{ year_ends_before('runs') }} as day_after
    from {{ ref('int_tenant_as_of') }} as runs
    where runs.tenant_id = {{ tenant_id() }}

)

-- Stock times the days it stood, over the days of the year; before the first movement stood what it opened with.
select
    ledger.tenant_id,
    ledger.article_number,
    ledger.article_size_number,
    ledger.branch_number,
    sum(
        greatest(ledger.closing_stock, 0)
        * greatest(
            least(ledger.next_moved_on, as_of.day_after) - greatest(ledger.moved_on, as_of.first_day), 0
        )
    ) as unit_days,
    sum(
        case when ledger.closing_stock > 0 then 1 else 0 end
        * greatest(
            least(ledger.next_moved_on, as_of.day_after) - greatest(ledger.moved_on, as_of.first_day), 0
        )
    ) as days_in_stock,
    sum(
        case
            when ledger.moved_on >= as_of.first_day and ledger.moved_on < as_of.day_after
                then ledger.units_received
            else 0
        end
    ) as units_received,
    max(case
        when ledger.moved_on <= as_of.first_day and ledger.next_moved_on > as_of.first_day
            then
                case
                    when ledger.moved_on = as_of.first_day then ledger.opening_stock
                    else ledger.closing_stock
                end
    end) as opening_stock
from ledger
inner join as_of
    on ledger.tenant_id = as_of.tenant_id
group by ledger.tenant_id, ledger.article_number, ledger.article_size_number, ledger.branch_number
