with numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

-- Sales of sizes the article is known to have. Services and orphans hold no stock that could run out.
select
    sales.tenant_id,
    sales.article_number,
    numbers.article_size_number,
    sales.branch_number,
    sum(sales.units) as units,
    sum(
        case
            when sales.week_start > {{ add_days('as_of.last_complete_week', '-28') }} then sales.units
            else 0
        end
    ) as units_4_weeks
from sales
inner join as_of
    on sales.tenant_id = as_of.tenant_id
inner join numbers
    on
        sales.tenant_id = numbers.tenant_id
        and sales.article_number = numbers.article_number
        and sales.scanned_number = numbers.scanned_number
where
    sales.branch_number is not null
    and sales.week_start <= as_of.last_complete_week
    and sales.week_start > {{ add_days('as_of.last_complete_week', '-7 * ' ~ var('supply_weeks')) }}
group by sales.tenant_id, sales.article_number, numbers.article_size_number, sales.branch_number
