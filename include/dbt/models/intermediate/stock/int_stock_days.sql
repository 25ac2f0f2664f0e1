{{ config(materialized='ephemeral') }}

with flows as (

    select * from {{ ref('int_stock_flows') }}

),

reports as (

    select * from {{ ref('int_stock_reports') }}

),

stocked_articles as (

    select * from {{ ref('int_stocked_articles') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

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
        null as reported_stock
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

)

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
