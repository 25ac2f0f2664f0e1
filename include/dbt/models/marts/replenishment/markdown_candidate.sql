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

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

measured as (

    select
        ends.tenant_id,
        ends.article_number,
        ends.article_name,
        ends.category_number,
        ends.season_number,
        ends.sell_until,
        ends.as_of_date,
        ends.has_term,
        policies.action_value,
        policies.holding_rate,
        greatest(ends.sell_until - ends.as_of_date + 1, 0) as days_left,
        ending.is_new,
        ending.free_stock,
        ending.unit_cost,
        ending.cost_note,
        ending.units_sold,
        ending.last_sold_on,
        coalesce(expected.expected_units, 0) as expected_units
    from ends
    inner join ending
        on
            ends.tenant_id = ending.tenant_id
            and ends.article_number = ending.article_number
    inner join policies
        on
            ends.tenant_id = policies.tenant_id
            and ends.article_number = policies.article_number
    left join expected
        on
            ends.tenant_id = expected.tenant_id
            and ends.article_number = expected.article_number

),

leftovers as (

    select
        *,
        greatest(free_stock - expected_units, 0) as leftover_units,
        {{ worth_of('greatest(free_stock - expected_units, 0)', 'unit_cost') }} as leftover_value
    from measured

)

-- Sold at twice the pace, what would be left over is gone by the end of its season if that begins as long before as the
-- rest takes at the pace of today. Without such a term a markdown is due when waiting has cost what an action is worth.
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
    round(leftover_units, 4) as leftover_units,
    cast(leftover_value as decimal(18, 2)) as leftover_value,
    cost_note,
    {{ add_days('as_of_date', days_until_markdown()) }} as mark_down_by_on,
    is_new,
    free_stock - expected_units >= 1 and not is_new as is_candidate,
    cast(row_number() over (
        partition by tenant_id
        order by is_new asc, coalesce(leftover_value, 0) desc, leftover_units desc, article_number asc
    ) as bigint) as impact_rank
from leftovers
