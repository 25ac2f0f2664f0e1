with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

moved as (

    select
        tenant_id,
        article_number,
        branch_number,
        moved_on,
        sum(units_sold) as units_sold,
        sum(units_returned) as units_returned,
        sum(units_corrected) as units_corrected,
        sum(units_received) as units_received,
        sum(units_counted) as units_counted
    from ledger
    group by tenant_id, article_number, branch_number, moved_on

),

-- A size that did not move says nothing of its stock, so stock is computed back from today, where all have a row.
stock_now as (

    select
        ledger.tenant_id,
        ledger.article_number,
        ledger.branch_number,
        sum(ledger.closing_stock) as closing_stock
    from ledger
    inner join as_of
        on
            ledger.tenant_id = as_of.tenant_id
            and ledger.moved_on = as_of.as_of_date
    group by ledger.tenant_id, ledger.article_number, ledger.branch_number

)

select
    moved.*,
    stock_now.closing_stock - coalesce(sum(
        moved.units_received - moved.units_sold + moved.units_returned + moved.units_corrected
        + moved.units_counted
    ) over (
        partition by moved.tenant_id, moved.article_number, moved.branch_number
        order by moved.moved_on
        rows between 1 following and unbounded following
    ), 0) as closing_stock,
    lead(moved.moved_on, 1, {{ add_days('as_of.as_of_date', 1) }}) over (
        partition by moved.tenant_id, moved.article_number, moved.branch_number
        order by moved.moved_on
    ) as next_moved_on,
    {{ add_days('as_of.as_of_date', '1 - ' ~ var('inventory_days')) }} as first_day
from moved
inner join stock_now
    on
        moved.tenant_id = stock_now.tenant_id
        and moved.article_number = stock_now.article_number
        and moved.branch_number = stock_now.branch_number
inner join as_of
    on moved.tenant_id = as_of.tenant_id
