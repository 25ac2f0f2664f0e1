{# However stock is computed, today it is what the source reports and what was booked since: by size, day and week. #}
with ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

daily as (

    select * from {{ ref('inventory_daily') }}
    where tenant_id = {{ tenant_id() }}

),

weekly as (

    select * from {{ ref('int_stock_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

flows as (

    select * from {{ ref('int_stock_flows') }}

),

reports as (

    select * from {{ ref('int_stock_reports') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

differences as (

    select
        article_number,
        branch_number,
        cast(coalesce(stock_units, 0) as double) as reported,
        0 as in_ledger,
        0 as in_days,
        0 as in_weeks
    from stock_reports
    where
        article_number is not null
        and branch_number is not null
    union all
    select
        flows.article_number,
        flows.branch_number,
        cast(flows.units_moved as double) as reported,
        0 as in_ledger,
        0 as in_days,
        0 as in_weeks
    from flows
    inner join as_of
        on flows.tenant_id = as_of.tenant_id
    inner join reports
        on
            flows.tenant_id = reports.tenant_id
            and flows.article_number = reports.article_number
            and flows.article_size_number = reports.article_size_number
            and flows.branch_number = reports.branch_number
            and flows.moved_at > reports.reported_at
            and as_of.as_of_date = reports.reported_on
    -- Services move no stock.
    inner join ledger
        on
            flows.tenant_id = ledger.tenant_id
            and flows.article_number = ledger.article_number
            and flows.article_size_number = ledger.article_size_number
            and flows.branch_number = ledger.branch_number
            and as_of.as_of_date = ledger.moved_on
    union all
    select
        ledger.article_number,
        ledger.branch_number,
        0 as reported,
        ledger.closing_stock as in_ledger,
        0 as in_days,
        0 as in_weeks
    from ledger
    inner join as_of
        on
            ledger.tenant_id = as_of.tenant_id
            and ledger.moved_on = as_of.as_of_date
    union all
    select
        daily.article_number,
        daily.branch_number,
        0 as reported,
        0 as in_ledger,
        daily.closing_stock as in_days,
        0 as in_weeks
    from daily
    inner join as_of
        on
            daily.tenant_id = as_of.tenant_id
            and daily.date_day = as_of.as_of_date
    union all
    select
        weekly.article_number,
        weekly.branch_number,
        0 as reported,
        0 as in_ledger,
        0 as in_days,
        weekly.closing_stock as in_weeks
    from weekly
    inner join as_of
        on
            weekly.tenant_id = as_of.tenant_id
            and weekly.week_start = as_of.current_week

)

select
    article_number,
    branch_number,
    sum(reported) as reported,
    sum(in_ledger) as in_ledger,
    sum(in_days) as in_days,
    sum(in_weeks) as in_weeks
from differences
group by article_number, branch_number
having
    abs(sum(reported) - sum(in_ledger)) > 0.005
    or abs(sum(reported) - sum(in_days)) > 0.005
    or abs(sum(reported) - sum(in_weeks)) > 0.005
