{{ config(materialized='ephemeral') }}

with flows as (

    select * from {{ ref('int_stock_flows') }}

),

reported as (

    select * from {{ ref('int_stock_on_hand') }}

),

snapshots as (

    select * from {{ ref('int_stock_snapshots') }}
    where tenant_id = {{ tenant_id() }}

),

runs as (

    select * from {{ source('ops', 'run') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- What was written down before instants were: the newest run of that day wrote it.
newest_of_day as (

    select
        tenant_id,
        as_of_date,
        max(source_now) as source_now
    from runs
    group by tenant_id, as_of_date

),

-- A size without a row in a branch is reported there with nothing.
known as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from reported
    union
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
    snapshots.tenant_id,
    snapshots.article_number,
    snapshots.article_size_number,
    snapshots.branch_number,
    snapshots.reported_on,
    coalesce(snapshots.reported_at, newest_of_day.source_now) as reported_at,
    snapshots.stock_units as reported_stock
from snapshots
inner join as_of
    on snapshots.tenant_id = as_of.tenant_id
left join newest_of_day
    on
        snapshots.tenant_id = newest_of_day.tenant_id
        and snapshots.reported_on = newest_of_day.as_of_date
where snapshots.reported_on < as_of.as_of_date
union all
select
    known.tenant_id,
    known.article_number,
    known.article_size_number,
    known.branch_number,
    as_of.as_of_date as reported_on,
    coalesce(
        reported.reported_at,
        min(reported.reported_at) over (partition by known.tenant_id),
        as_of.as_of_at
    ) as reported_at,
    coalesce(reported.on_hand, 0) as reported_stock
from known
inner join as_of
    on known.tenant_id = as_of.tenant_id
left join reported
    on
        known.tenant_id = reported.tenant_id
        and known.article_number = reported.article_number
        and known.article_size_number = reported.article_size_number
        and known.branch_number = reported.branch_number
