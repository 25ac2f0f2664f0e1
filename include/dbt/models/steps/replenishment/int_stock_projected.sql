with levels as (

    select * from {{ ref('int_size_levels') }}

),

arrivals as (

    select * from {{ ref('int_supply_arrivals') }}

),

first_arrivals as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        min(arrives_in_days) as arrives_in_days
    from arrivals
    group by tenant_id, article_number, article_size_number, branch_number

)

select
    levels.tenant_id,
    levels.article_number,
    levels.article_size_number,
    levels.branch_number,
    'today' as stock_kind,
    greatest(levels.free_stock, 0) as stock,
    first_arrivals.arrives_in_days as next_arrives_in_days
from levels
left join first_arrivals
    on
        levels.tenant_id = first_arrivals.tenant_id
        and levels.article_number = first_arrivals.article_number
        and levels.article_size_number = first_arrivals.article_size_number
        and levels.branch_number = first_arrivals.branch_number
union all
select
    levels.tenant_id,
    levels.article_number,
    levels.article_size_number,
    levels.branch_number,
    'with arrivals' as stock_kind,
    greatest(levels.free_stock, 0) + arrivals.units_by_then as stock,
    arrivals.next_arrives_in_days
from levels
inner join arrivals
    on
        levels.tenant_id = arrivals.tenant_id
        and levels.article_number = arrivals.article_number
        and levels.article_size_number = arrivals.article_size_number
        and levels.branch_number = arrivals.branch_number
