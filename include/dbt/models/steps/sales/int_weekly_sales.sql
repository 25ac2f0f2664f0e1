with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

weeks_on as (

    {{ integers(var('max_weeks')) }}

),

weekly_sales as (

    select
        sales.tenant_id,
        sales.article_number,
        sales.branch_number,
        sales.week_start,
        sum(sales.units) as units,
        sum(case when sales.units > 0 then sales.units else 0 end) as gross_units,
        sum(case when sales.units < 0 then -sales.units else 0 end) as returned_units,
        sum(sales.revenue) as revenue
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where
        sales.article_number is not null
        and sales.branch_number is not null
        and sales.week_start <= as_of.last_complete_week
    group by sales.tenant_id, sales.article_number, sales.branch_number, sales.week_start

),

sold as (

    select
        weekly_sales.*,
        lead(weekly_sales.week_start, 1, {{ add_days('as_of.last_complete_week', 7) }}) over (
            partition by weekly_sales.tenant_id, weekly_sales.article_number, weekly_sales.branch_number
            order by weekly_sales.week_start
        ) as next_week
    from weekly_sales
    inner join as_of
        on weekly_sales.tenant_id = as_of.tenant_id

)

-- A week with sales and the weeks without any that follow it.
select
    sold.tenant_id,
    sold.article_number,
    sold.branch_number,
    {{ add_days('sold.week_start', '7 * weeks_on.n') }} as week_start,
    case when weeks_on.n = 0 then sold.units else 0 end as units,
    case when weeks_on.n = 0 then sold.gross_units else 0 end as gross_units,
    case when weeks_on.n = 0 then sold.returned_units else 0 end as returned_units,
    case when weeks_on.n = 0 then sold.revenue else 0 end as revenue
from sold
inner join weeks_on
    on weeks_on.n < (sold.next_week - sold.week_start) / 7
