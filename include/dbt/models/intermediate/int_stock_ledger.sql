{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

snapshots as (

    select * from {{ ref('int_stock_snapshots') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- An article without any size row keeps no stock, for example a service.
stocked_articles as (

    select distinct
        tenant_id,
        article_number
    from stock_reports
    where article_number is not null

),

flows as (

    select
        sales.tenant_id,
        sales.article_number,
        coalesce(numbers.article_size_number, 0) as article_size_number,
        sales.branch_number,
        sales.sold_on as moved_on,
        case when sales.units > 0 then sales.units else 0 end as units_sold,
        case when sales.units < 0 then -sales.units else 0 end as units_returned,
        0 as units_received,
        null as reported_stock
    from sales
    left join numbers
        on
            sales.tenant_id = numbers.tenant_id
            and sales.article_number = numbers.article_number
            and sales.article_size_number = numbers.scanned_number
    where
        not sales.is_reversed
        and sales.article_number is not null
        and sales.branch_number is not null
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        received_on as moved_on,
        0 as units_sold,
        0 as units_returned,
        delivered_units as units_received,
        null as reported_stock
    from positions
    where delivered_units > 0

),

-- What was written down on earlier days, and what is reported now.
reports as (

    select
        snapshots.tenant_id,
        snapshots.article_number,
        snapshots.article_size_number,
        snapshots.branch_number,
        snapshots.reported_on as moved_on,
        snapshots.stock_units as reported_stock
    from snapshots
    inner join as_of
        on snapshots.tenant_id = as_of.tenant_id
    where snapshots.reported_on < as_of.as_of_date
    union all
    select
        stock_reports.tenant_id,
        stock_reports.article_number,
        coalesce(stock_reports.article_size_number, 0) as article_size_number,
        stock_reports.branch_number,
        as_of.as_of_date as moved_on,
        coalesce(stock_reports.stock_units, 0) as reported_stock
    from stock_reports
    inner join as_of
        on stock_reports.tenant_id = as_of.tenant_id
    where
        stock_reports.article_number is not null
        and stock_reports.branch_number is not null

),

-- A size without a row in a branch is reported there with nothing.
missing_today as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from flows
    union
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from snapshots

),

events as (

    select
        flows.tenant_id,
        flows.article_number,
        flows.article_size_number,
        flows.branch_number,
        least(flows.moved_on, as_of.as_of_date) as moved_on,
        flows.units_sold,
        flows.units_returned,
        flows.units_received,
        flows.reported_stock
    from flows
    inner join as_of
        on flows.tenant_id = as_of.tenant_id
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        moved_on,
        0 as units_sold,
        0 as units_returned,
        0 as units_received,
        reported_stock
    from reports
    union all
    select
        missing_today.tenant_id,
        missing_today.article_number,
        missing_today.article_size_number,
        missing_today.branch_number,
        as_of.as_of_date as moved_on,
        0 as units_sold,
        0 as units_returned,
        0 as units_received,
        0 as reported_stock
    from missing_today
    inner join as_of
        on missing_today.tenant_id = as_of.tenant_id

),

days as (

    select
        events.tenant_id,
        events.article_number,
        events.article_size_number,
        events.branch_number,
        events.moved_on,
        sum(events.units_sold) as units_sold,
        sum(events.units_returned) as units_returned,
        sum(events.units_received) as units_received,
        sum(events.reported_stock) as reported_stock
    from events
    inner join stocked_articles
        on
            events.tenant_id = stocked_articles.tenant_id
            and events.article_number = stocked_articles.article_number
    group by
        events.tenant_id,
        events.article_number,
        events.article_size_number,
        events.branch_number,
        events.moved_on

),

-- What receipts and sales up to the day explain, and what they leave unexplained where stock was reported.
explained as (

    select
        *,
        sum(units_received - units_sold + units_returned) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_on
            rows between unbounded preceding and current row
        ) as explained_stock
    from days

),

unexplained as (

    select
        *,
        reported_stock - explained_stock as unexplained_stock,
        case when reported_stock is not null then row_number() over (
            partition by
                tenant_id,
                article_number,
                article_size_number,
                branch_number,
                case when reported_stock is null then 0 else 1 end
            order by moved_on
        ) end as report
    from explained

),

-- The first report says what was there before anything is known; each later one, what changed without a reason.
counted as (

    select
        *,
        max(case when report = 1 then unexplained_stock end) over (
            partition by tenant_id, article_number, article_size_number, branch_number
        ) as first_unexplained_stock,
        case when report > 1 then unexplained_stock - lag(unexplained_stock) over (
            partition by
                tenant_id,
                article_number,
                article_size_number,
                branch_number,
                case when reported_stock is null then 0 else 1 end
            order by moved_on
        ) else 0 end as units_counted
    from unexplained

),

closed as (

    select
        *,
        explained_stock + first_unexplained_stock + sum(units_counted) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_on
            rows between unbounded preceding and current row
        ) as closing_stock
    from counted

)

select
    closed.tenant_id,
    closed.article_number,
    closed.article_size_number,
    closed.branch_number,
    closed.moved_on,
    lead(closed.moved_on, 1, {{ add_days('as_of.as_of_date', 1) }}) over (
        partition by
            closed.tenant_id,
            closed.article_number,
            closed.article_size_number,
            closed.branch_number
        order by closed.moved_on
    ) as next_moved_on,
    cast(
        closed.closing_stock - closed.units_received + closed.units_sold - closed.units_returned
        - closed.units_counted as double
    ) as opening_stock,
    cast(closed.units_sold as double) as units_sold,
    cast(closed.units_returned as double) as units_returned,
    cast(closed.units_received as double) as units_received,
    cast(closed.units_counted as double) as units_counted,
    cast(closed.closing_stock as double) as closing_stock
from closed
inner join as_of
    on closed.tenant_id = as_of.tenant_id
