{{ config(materialized='ephemeral') }}

with flows as (

    select * from {{ ref('int_stock_flows') }}

),

reports as (

    select * from {{ ref('int_stock_reports') }}

),

events as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        moved_at,
        units_moved,
        cast(null as date) as reported_on,
        null as reported_stock,
        0 as is_report
    from flows
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        reported_at as moved_at,
        0 as units_moved,
        reported_on,
        reported_stock,
        1 as is_report
    from reports

),

-- What was booked up to the very moment of a report explains it; what was booked later on that day does not.
explained as (

    select
        *,
        sum(units_moved) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_at, is_report
            rows between unbounded preceding and current row
        ) as explained_stock
    from events

),

unexplained as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        reported_on,
        reported_stock - explained_stock as unexplained_stock,
        lag(reported_stock - explained_stock) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_at
        ) as unexplained_before
    from explained
    where is_report = 1

)

-- The first report says what was there before anything is known; each later one, what changed without a reason.
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    reported_on,
    case when unexplained_before is null then unexplained_stock else 0 end as first_stock,
    coalesce(unexplained_stock - unexplained_before, 0) as units_counted
from unexplained
