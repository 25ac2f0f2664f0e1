with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    'negative stock' as issue,
    on_hand as units
from positions
where is_negative_stock
union all
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    'unknown size' as issue,
    on_hand + on_order as units
from positions
where article_size_number = 0
union all
select
    ledger.tenant_id,
    ledger.article_number,
    ledger.article_size_number,
    ledger.branch_number,
    'unexplained stock' as issue,
    sum(ledger.units_counted) as units
from ledger
inner join as_of
    on ledger.tenant_id = as_of.tenant_id
where
    ledger.units_counted <> 0
    and ledger.moved_on > {{ add_days('as_of.as_of_date', -28) }}
group by ledger.tenant_id, ledger.article_number, ledger.article_size_number, ledger.branch_number
-- What a later report took back is no difference any more.
having sum(ledger.units_counted) <> 0
