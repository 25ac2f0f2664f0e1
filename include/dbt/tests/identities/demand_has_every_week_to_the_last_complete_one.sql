with demand as (

    select * from {{ ref('fct_demand_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    demand.article_number,
    demand.branch_number,
    count(*) as weeks
from demand
inner join as_of
    on demand.tenant_id = as_of.tenant_id
group by demand.article_number, demand.branch_number, as_of.last_complete_week
having
    max(demand.week_start) <> as_of.last_complete_week
    or count(*) <> (as_of.last_complete_week - min(demand.week_start)) / 7 + 1
