{{ config(materialized='incremental') }}

with positions as (

    select * from {{ ref('int_positions_lived') }}

),

ends as (

    select * from {{ ref('int_article_ends') }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

-- What was sold out and came back from customers is still sold out: only supply begins a life.
described as (

    select
        positions.*,
        ends.as_of_date,
        ends.season_ends_on,
        ends.is_bought_again,
        ends.is_over,
        ends.is_new,
        branches.is_active as is_branch_active,
        positions.on_order <= 0
        and (positions.stock <= 0 or positions.emptied_on is not null) as is_empty,
        positions.last_sold_on > {{ add_days('ends.as_of_date', '-' ~ var('run_off_days')) }} as sold_lately,
        greatest(
            coalesce(positions.last_sold_on, positions.branch_supplied_on, positions.branch_seen_on),
            coalesce(positions.branch_supplied_on, positions.last_sold_on, positions.branch_seen_on)
        ) as last_traded_on
    from positions
    inner join ends
        on
            positions.tenant_id = ends.tenant_id
            and positions.article_number = ends.article_number
    inner join branches
        on
            positions.tenant_id = branches.tenant_id
            and positions.branch_number = branches.branch_number
    where
        positions.branch_seen_on is not null
        or positions.branch_on_order > 0

),

compared as (

    select
        *,
        sum(case when is_branch_active and not is_empty then 1 else 0 end) over (
            partition by tenant_id, article_number, article_size_number
        ) > 0 as is_elsewhere
    from described

),

reasoned as (

    select
        *,
        {{ life_reason() }} as life_reason
    from compared

),

named as (

    select
        *,
        {{ life_state('life_reason') }} as life_state,
        {{ life_since('life_reason') }} as life_since
    from reasoned

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    life_state,
    life_reason,
    life_since,
    life_state in ('new', 'live') as is_wanted,
    life_state in ('new', 'live', 'running off') as has_demand,
    case when not is_bought_again then season_ends_on end as season_ends_on,
    first_seen_on,
    last_supplied_on,
    emptied_on,
    last_sold_on as branch_last_sold_on,
    cast(stock as double) as stock,
    cast(on_order as double) as on_order_confirmed
from named
