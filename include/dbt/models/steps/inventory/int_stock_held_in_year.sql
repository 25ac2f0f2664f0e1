with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select
        *,
        {{ add_days('as_of_date', -364) }} as first_day
    from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

-- Stock times the days it stood, over the 365 days to today; before the first movement stood what it opened with.
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
    end) as opening_stock
from ledger
inner join as_of
    on ledger.tenant_id = as_of.tenant_id
group by ledger.tenant_id, ledger.article_number, ledger.article_size_number, ledger.branch_number
