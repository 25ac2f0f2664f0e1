with awaited as (

    select * from {{ ref('int_supply_awaited') }}

),

positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

levels as (

    select * from {{ ref('replenishment_level') }}
    where tenant_id = {{ tenant_id() }}

),

outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

-- Where nothing fills the shelf, what is missed is computed as far as the outlook reaches.
gaps as (

    select
        awaited.tenant_id,
        awaited.article_number,
        awaited.article_size_number,
        awaited.branch_number,
        awaited.as_of_date,
        awaited.stock_out_on,
        awaited.next_arrival_on,
        awaited.units_until_out,
        positions.size_share,
        levels.horizon_days,
        levels.daily_units_after_horizon,
        coalesce(
            awaited.filled_on, {{ add_days('awaited.as_of_date', 'levels.horizon_days') }}
        ) as filled_on
    from awaited
    inner join positions
        on
            awaited.tenant_id = positions.tenant_id
            and awaited.article_number = positions.article_number
            and awaited.article_size_number = positions.article_size_number
            and awaited.branch_number = positions.branch_number
    inner join levels
        on
            awaited.tenant_id = levels.tenant_id
            and awaited.article_number = levels.article_number
            and awaited.branch_number = levels.branch_number

)

select
    gaps.tenant_id,
    gaps.article_number,
    gaps.article_size_number,
    gaps.branch_number,
    gaps.as_of_date,
    gaps.stock_out_on,
    gaps.next_arrival_on,
    gaps.filled_on,
    max(gaps.units_until_out) as units_until_out,
    {{ demand_within('gaps.filled_on - gaps.as_of_date', 'gaps', 'outlook') }} as demand_units
from gaps
inner join outlook
    on
        gaps.tenant_id = outlook.tenant_id
        and gaps.article_number = outlook.article_number
        and gaps.branch_number = outlook.branch_number
group by
    gaps.tenant_id,
    gaps.article_number,
    gaps.article_size_number,
    gaps.branch_number,
    gaps.as_of_date,
    gaps.stock_out_on,
    gaps.next_arrival_on,
    gaps.filled_on
