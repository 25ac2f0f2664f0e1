with days as (

    select * from {{ ref('inventory_daily') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    days.article_number,
    days.branch_number,
    max(days.date_day) as last_day,
    count(*) as day_count
from days
inner join as_of
    on days.tenant_id = as_of.tenant_id
group by days.article_number, days.branch_number, as_of.as_of_date
having
    max(days.date_day) <> as_of.as_of_date
    or count(*) <> as_of.as_of_date - min(days.date_day) + 1
