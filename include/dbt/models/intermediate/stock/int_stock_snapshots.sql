{# The source never says again what it said on a day, so on Snowflake a drop of this table must be undoable for a week. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_today',
        transient=false,
        meta={'day': 'reported_on'},
    )
}}

with stock_now as (

    select * from {{ ref('int_stock_on_hand') }}

),

flows as (

    select * from {{ ref('int_stock_flows') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

{% if is_incremental() %}
recorded as (

    select *
    from {{ this }}
    where
        tenant_id = {{ tenant_id() }}
        and reported_on < (select as_of.as_of_date from as_of)
    qualify
        row_number() over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by reported_on desc
        ) = 1

),
{% else %}
recorded as (

    select
        *,
        on_hand as stock_units,
        cast(null as date) as reported_on
    from stock_now
    where false

),
{% endif %}

-- A size that moved and is still reported as before was counted, or something brought it back.
moved as (

    select distinct
        flows.tenant_id,
        flows.article_number,
        flows.article_size_number,
        flows.branch_number
    from flows
    inner join recorded
        on
            flows.tenant_id = recorded.tenant_id
            and flows.article_number = recorded.article_number
            and flows.article_size_number = recorded.article_size_number
            and flows.branch_number = recorded.branch_number
            and flows.moved_at > recorded.reported_at

),

-- Only what differs from the report before, what moved since, and what is there no more.
changed as (

    select
        coalesce(stock_now.tenant_id, recorded.tenant_id) as tenant_id,
        coalesce(stock_now.article_number, recorded.article_number) as article_number,
        coalesce(stock_now.article_size_number, recorded.article_size_number) as article_size_number,
        coalesce(stock_now.branch_number, recorded.branch_number) as branch_number,
        coalesce(stock_now.on_hand, 0) as stock_units,
        coalesce(stock_now.reported_at, min(stock_now.reported_at) over ()) as reported_at,
        recorded.stock_units as recorded_units
    from stock_now
    full outer join recorded
        on
            stock_now.tenant_id = recorded.tenant_id
            and stock_now.article_number = recorded.article_number
            and stock_now.article_size_number = recorded.article_size_number
            and stock_now.branch_number = recorded.branch_number

)

select
    changed.tenant_id,
    changed.article_number,
    changed.article_size_number,
    changed.branch_number,
    as_of.as_of_date as reported_on,
    coalesce(changed.reported_at, as_of.as_of_at) as reported_at,
    cast(changed.stock_units as decimal(18, 2)) as stock_units
from changed
inner join as_of
    on changed.tenant_id = as_of.tenant_id
left join moved
    on
        changed.tenant_id = moved.tenant_id
        and changed.article_number = moved.article_number
        and changed.article_size_number = moved.article_size_number
        and changed.branch_number = moved.branch_number
where
    changed.recorded_units is null
    or changed.stock_units <> changed.recorded_units
    or moved.tenant_id is not null
