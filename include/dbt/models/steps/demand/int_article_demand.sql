with demand as (

    select * from {{ ref('fct_demand_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- A week in which no branch had any says nothing about demand.
weekly as (

    select
        demand.tenant_id,
        demand.article_number,
        demand.week_start,
        sum(demand.revenue) as revenue,
        sum(demand.gross_units) as gross_units,
        max(case when demand.is_stock_out then 0 else 1 end) as was_in_stock
    from demand
    inner join as_of
        on demand.tenant_id = as_of.tenant_id
    where {{ in_year('demand.week_start') }}
    group by demand.tenant_id, demand.article_number, demand.week_start

)

select
    tenant_id,
    article_number,
    sum(revenue) as revenue,
    sum(was_in_stock) as weeks,
    sum(case when was_in_stock = 1 and gross_units > 0 then 1 else 0 end) as weeks_sold,
    avg(case when was_in_stock = 1 then gross_units end) as mean_units,
    stddev_samp(case when was_in_stock = 1 then gross_units end) as deviation_units,
    avg(case when was_in_stock = 1 and gross_units > 0 then gross_units end) as mean_size,
    coalesce(stddev_samp(case when was_in_stock = 1 and gross_units > 0 then gross_units end), 0)
        as deviation_size
from weekly
group by tenant_id, article_number
