{{ config(materialized='ephemeral') }}

with flows as (

    select * from {{ ref('int_stock_flows') }}

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

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    moved_on,
    reported_stock
from reports
union all
select
    missing_today.tenant_id,
    missing_today.article_number,
    missing_today.article_size_number,
    missing_today.branch_number,
    as_of.as_of_date as moved_on,
    0 as reported_stock
from missing_today
inner join as_of
    on missing_today.tenant_id = as_of.tenant_id
