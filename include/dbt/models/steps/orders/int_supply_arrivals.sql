with lines as (

    select * from {{ ref('int_open_order_lines') }}
    where supply <> 'unconfirmed'

),

days as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        arrives_on,
        min(as_of_date) as as_of_date,
        sum(open_units) as units
    from lines
    group by tenant_id, article_number, article_size_number, branch_number, arrives_on

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    cast(arrives_on - as_of_date as integer) as arrives_in_days,
    cast(
        lead(arrives_on) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by arrives_on
        ) - as_of_date as integer
    ) as next_arrives_in_days,
    cast(sum(units) over (
        partition by tenant_id, article_number, article_size_number, branch_number
        order by arrives_on
        rows between unbounded preceding and current row
    ) as double) as units_by_then
from days
