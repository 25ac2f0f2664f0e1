with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- The source's own dates reach further back than the receipts and orders it still has.
masters as (

    select
        tenant_id,
        article_number,
        coalesce(article_size_number, 0) as article_size_number,
        branch_number,
        max(last_received_on) as last_received_on,
        max(last_sold_on) as last_sold_on
    from stock_reports
    where
        article_number is not null
        and branch_number is not null
    group by tenant_id, article_number, coalesce(article_size_number, 0), branch_number

),

moved as (

    select
        ledger.tenant_id,
        ledger.article_number,
        ledger.article_size_number,
        ledger.branch_number,
        max(case when ledger.moved_on = as_of.as_of_date then ledger.closing_stock end) as on_hand,
        sum(
            case when as_of.as_of_date - ledger.moved_on < 90 then ledger.units_received else 0 end
        ) as received_90,
        sum(
            case when as_of.as_of_date - ledger.moved_on < 180 then ledger.units_received else 0 end
        ) as received_180,
        sum(
            case when as_of.as_of_date - ledger.moved_on < 365 then ledger.units_received else 0 end
        ) as received_365,
        max(case when ledger.units_received > 0 then ledger.moved_on end) as last_received_on,
        max(case when ledger.units_sold > 0 then ledger.moved_on end) as last_sold_on,
        min(ledger.moved_on) as first_moved_on,
        min(as_of.as_of_date) as as_of_date
    from ledger
    inner join as_of
        on ledger.tenant_id = as_of.tenant_id
    group by ledger.tenant_id, ledger.article_number, ledger.article_size_number, ledger.branch_number

)

select
    moved.tenant_id,
    moved.article_number,
    moved.article_size_number,
    moved.branch_number,
    moved.on_hand,
    least(moved.on_hand, moved.received_90) as units_under_90,
    least(moved.on_hand, moved.received_180) as units_under_180,
    least(moved.on_hand, moved.received_365) as units_under_365,
    coalesce(moved.last_received_on, masters.last_received_on) as last_received_on,
    coalesce(moved.last_sold_on, masters.last_sold_on) as last_sold_on,
    moved.first_moved_on,
    moved.as_of_date
from moved
left join masters
    on
        moved.tenant_id = masters.tenant_id
        and moved.article_number = masters.article_number
        and moved.article_size_number = masters.article_size_number
        and moved.branch_number = masters.branch_number
where moved.on_hand > 0
