{{ config(materialized='incremental') }}

with ends as (

    select * from {{ ref('int_selling_ends') }}

),

ending as (

    select * from {{ ref('int_ending_stock') }}

),

expected as (

    select * from {{ ref('int_units_until_end') }}

),

measured as (

    select
        ends.tenant_id,
        ends.article_number,
        ends.article_name,
        ends.category_number,
        ends.season_number,
        ends.sell_until,
        greatest(ends.sell_until - ends.as_of_date + 1, 0) as days_left,
        ending.is_new,
        ending.free_stock,
        ending.unit_cost,
        ending.units_sold,
        ending.last_sold_on,
        -- A season may end after the outlook does; it goes on selling at the outlook's pace.
        coalesce(
            expected.expected_units
            + greatest(ends.sell_until - ends.as_of_date + 1 - expected.horizon_days, 0)
            * expected.daily_units,
            0
        ) as expected_units
    from ends
    inner join ending
        on
            ends.tenant_id = ending.tenant_id
            and ends.article_number = ending.article_number
    left join expected
        on
            ends.tenant_id = expected.tenant_id
            and ends.article_number = expected.article_number

)

select
    tenant_id,
    article_number,
    article_name,
    category_number,
    season_number,
    sell_until,
    cast(days_left as integer) as days_left,
    free_stock,
    units_sold as units_sold_ever,
    last_sold_on,
    round(units_sold / (units_sold + free_stock), 6) as sell_through_ever,
    round(expected_units, 4) as expected_units,
    round(greatest(free_stock - expected_units, 0), 4) as leftover_units,
    cast(greatest(free_stock - expected_units, 0) * unit_cost as decimal(18, 2)) as leftover_value,
    is_new,
    free_stock - expected_units >= 1 and not is_new as is_candidate,
    cast(row_number() over (
        partition by tenant_id
        order by is_new asc, greatest(free_stock - expected_units, 0) * unit_cost desc, article_number asc
    ) as bigint) as impact_rank
from measured
