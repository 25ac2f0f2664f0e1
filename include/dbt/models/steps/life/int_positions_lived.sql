with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

to_come as (

    select * from {{ ref('int_supply_to_come') }}

),

-- A receipt, a transfer, a correction or what was found at stocktaking is supply; what a customer brings back is not.
supplied as (

    select
        *,
        max(
            case when units_received > 0 or units_counted > 0 or units_corrected > 0 then moved_on end
        ) over (
            partition by tenant_id, article_number, article_size_number, branch_number
        ) as last_supplied_on
    from ledger

),

moved as (

    select
        supplied.tenant_id,
        supplied.article_number,
        supplied.article_size_number,
        supplied.branch_number,
        max(supplied.last_supplied_on) as last_supplied_on,
        max(case when supplied.moved_on = as_of.as_of_date then supplied.closing_stock end) as stock,
        min(
            case
                when supplied.closing_stock > 0 or supplied.opening_stock > 0 or supplied.units_sold > 0
                    then supplied.moved_on
            end
        ) as first_seen_on,
        max(case when supplied.units_sold > 0 then supplied.moved_on end) as last_sold_on,
        min(
            case
                when
                    supplied.closing_stock <= 0
                    and (supplied.opening_stock > 0 or supplied.units_received > 0)
                    and supplied.moved_on >= coalesce(supplied.last_supplied_on, supplied.moved_on)
                    then supplied.moved_on
            end
        ) as emptied_on
    from supplied
    inner join as_of
        on supplied.tenant_id = as_of.tenant_id
    group by
        supplied.tenant_id, supplied.article_number, supplied.article_size_number, supplied.branch_number

),

keys as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from moved
    union
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from to_come

)

select
    keys.tenant_id,
    keys.article_number,
    keys.article_size_number,
    keys.branch_number,
    coalesce(moved.stock, 0) as stock,
    coalesce(to_come.units, 0) as on_order,
    moved.first_seen_on,
    moved.last_supplied_on,
    moved.emptied_on,
    max(moved.last_sold_on) over (partition by keys.tenant_id, keys.article_number, keys.branch_number)
        as last_sold_on,
    max(moved.last_supplied_on) over (partition by keys.tenant_id, keys.article_number, keys.branch_number)
        as branch_supplied_on,
    min(moved.first_seen_on) over (partition by keys.tenant_id, keys.article_number, keys.branch_number)
        as branch_seen_on,
    sum(coalesce(to_come.units, 0)) over (
        partition by keys.tenant_id, keys.article_number, keys.branch_number
    ) as branch_on_order
from keys
left join moved
    on
        keys.tenant_id = moved.tenant_id
        and keys.article_number = moved.article_number
        and keys.article_size_number = moved.article_size_number
        and keys.branch_number = moved.branch_number
left join to_come
    on
        keys.tenant_id = to_come.tenant_id
        and keys.article_number = to_come.article_number
        and keys.article_size_number = to_come.article_size_number
        and keys.branch_number = to_come.branch_number
