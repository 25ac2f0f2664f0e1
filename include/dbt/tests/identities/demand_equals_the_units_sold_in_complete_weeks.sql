{# No unit is lost or doubled between the receipts and the history that forecasts learn from. #}
with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

demand as (

    select * from {{ ref('fct_demand_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

differences as (

    select
        sales.tenant_id,
        sales.article_number,
        sales.branch_number,
        sales.week_start,
        cast(sales.units as double) as units,
        cast(sales.revenue as double) as revenue
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where
        sales.article_number is not null
        and sales.branch_number is not null
        and sales.week_start <= as_of.last_complete_week
    union all
    select
        tenant_id,
        article_number,
        branch_number,
        week_start,
        -units as units,
        -cast(revenue as double) as revenue
    from demand
    where
        gross_units <> 0
        or returned_units <> 0
        or revenue <> 0

)

select
    article_number,
    branch_number,
    week_start,
    sum(units) as units,
    sum(revenue) as revenue
from differences
group by article_number, branch_number, week_start
having
    abs(sum(units)) > 0.005
    or abs(sum(revenue)) > 0.005
