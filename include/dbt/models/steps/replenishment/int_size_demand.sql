{# A forecast is of the sizes that have demand; an average is of all that was sold. #}
{% set share =
    "case when levels.demand_source = 'forecast' then shares.wanted_share else shares.size_share end"
-%}

with positions as (

    select * from {{ ref('int_positions_by_branch') }}

),

levels as (

    select * from {{ ref('replenishment_level') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

shares as (

    select * from {{ ref('int_size_shares') }}

),

articles as (

    select * from {{ ref('int_articles_valued') }}

)

-- Demand of a size is drawn from the article's: its variance is that of its share and that of the draw. A size whose life
-- in the branch is over has none.
select
    positions.tenant_id,
    positions.article_number,
    positions.article_size_number,
    positions.branch_number,
    positions.free_stock,
    positions.on_order,
    positions.on_order_confirmed,
    positions.available,
    policies.is_reordered and positions.is_branch_active and shares.is_wanted as is_reordered,
    positions.is_branch_active
    and articles.is_new
    and (articles.first_seen_on is not null or positions.free_stock <= 0) as is_new,
    policies.service_level,
    policies.lead_time_days,
    policies.review_days,
    policies.order_cycle_days,
    policies.display_units,
    policies.customers_wait,
    coalesce(levels.demand_source, 'none') as demand_source,
    {{ share }} as size_share,
    coalesce(levels.horizon_days, 0) as horizon_days,
    coalesce(levels.horizon_units * {{ share }}, 0) as horizon_units,
    coalesce(levels.daily_units_after_horizon * {{ share }}, 0) as daily_units_after_horizon,
    coalesce(levels.lead_units * {{ share }}, 0) as lead_units,
    coalesce(levels.protection_units * {{ share }}, 0) as protection_units,
    coalesce(levels.protection_units * {{ share }} / levels.protection_days, 0) as daily_units,
    coalesce(sqrt(
        power({{ share }} * levels.horizon_spread, 2)
        + {{ share }}
        * (1 - {{ share }})
        * power(levels.service_factor, 2)
        * levels.horizon_units
    ), 0) as horizon_spread,
    coalesce(sqrt(
        power({{ share }} * levels.protection_spread, 2)
        + {{ share }}
        * (1 - {{ share }})
        * power(levels.service_factor, 2)
        * levels.protection_units
    ), 0) as protection_spread,
    coalesce(sqrt(
        power({{ share }} * levels.protection_deviation, 2)
        + {{ share }} * (1 - {{ share }}) * levels.protection_units
    ), 0) as protection_deviation,
    positions.is_branch_active
    and shares.size_share > 0
    and (coalesce(levels.protection_units, 0) > 0 or positions.available_in_branch > 0) as is_carried,
    articles.unit_cost,
    articles.cost_note,
    articles.unit_margin
from positions
inner join policies
    on
        positions.tenant_id = policies.tenant_id
        and positions.article_number = policies.article_number
inner join articles
    on
        positions.tenant_id = articles.tenant_id
        and positions.article_number = articles.article_number
inner join shares
    on
        positions.tenant_id = shares.tenant_id
        and positions.article_number = shares.article_number
        and positions.article_size_number = shares.article_size_number
        and positions.branch_number = shares.branch_number
left join levels
    on
        positions.tenant_id = levels.tenant_id
        and positions.article_number = levels.article_number
        and positions.branch_number = levels.branch_number
        and shares.has_demand
