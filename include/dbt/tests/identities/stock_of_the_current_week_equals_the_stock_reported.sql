{# Undoing sales and receipts starts from today's stock, so the current week must still show it. #}
with stock_weekly as (

    select * from {{ ref('int_stock_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

differences as (

    select
        stock_weekly.article_number,
        stock_weekly.branch_number,
        stock_weekly.closing_stock as units
    from stock_weekly
    inner join as_of
        on
            stock_weekly.tenant_id = as_of.tenant_id
            and stock_weekly.week_start = as_of.current_week
    union all
    select
        article_number,
        branch_number,
        -cast(stock_units as double) as units
    from stock_reports
    where
        article_number is not null
        and branch_number is not null

)

select
    article_number,
    branch_number,
    sum(units) as units
from differences
group by article_number, branch_number
having abs(sum(units)) > 0.005
