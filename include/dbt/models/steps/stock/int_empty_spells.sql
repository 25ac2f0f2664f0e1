with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

-- Empty days between the same two times in stock belong together; a size that never was in stock cannot run out.
numbered as (

    select
        *,
        sum(case when closing_stock > 0 then 1 else 0 end) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_on
            rows between unbounded preceding and current row
        ) as times_in_stock,
        max(case when closing_stock > 0 or opening_stock > 0 then 1 else 0 end) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_on
            rows between unbounded preceding and current row
        ) as was_in_stock
    from ledger

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    times_in_stock,
    min(moved_on) as started_on,
    max(next_moved_on) as refilled_on,
    sum(units_sold) as units_sold
from numbered
where
    closing_stock <= 0
    and was_in_stock = 1
group by tenant_id, article_number, article_size_number, branch_number, times_in_stock
