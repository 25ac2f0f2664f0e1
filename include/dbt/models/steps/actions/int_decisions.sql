with summed as (

    select * from {{ ref('int_stock_sold_out') }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

article_ends as (

    select * from {{ ref('int_article_ends') }}

),

sold as (

    select
        tenant_id,
        article_number,
        cast(sum(units) as double) as units
    from {{ ref('int_recent_sales') }}
    group by tenant_id, article_number

),

days as (

    select * from {{ ref('int_order_days') }}

),

-- The outlook of what is sold out may be nothing; it sold all the same.
paced as (

    select
        summed.tenant_id,
        summed.article_number,
        summed.stock,
        summed.unit_cost,
        summed.unit_margin,
        sold.units as sold_units,
        policies.pack_size,
        policies.minimum_order_units,
        policies.decide_units,
        greatest(
            summed.demand_units,
            sold.units / {{ var('supply_weeks') }} * (policies.lead_time_days + policies.review_days) / 7
        ) as demand_units,
        greatest(
            summed.missed_units, sold.units / {{ var('supply_weeks') }} * policies.review_days / 7
        ) as missed_units
    from summed
    inner join policies
        on
            summed.tenant_id = policies.tenant_id
            and summed.article_number = policies.article_number
    inner join sold
        on
            summed.tenant_id = sold.tenant_id
            and summed.article_number = sold.article_number

)

-- What could only come when its season has ended is no decision any more.
select
    paced.tenant_id,
    paced.article_number,
    paced.pack_size
    * ceil(
        greatest(paced.demand_units - paced.stock, paced.minimum_order_units, 1) / paced.pack_size
    ) as units,
    paced.unit_cost,
    round(paced.missed_units, 4) as units_at_stake,
    round(paced.missed_units, 4) * paced.unit_margin as margin_at_risk,
    days.as_of_date as due_on,
    days.arrives_on,
    paced.demand_units,
    days.protected_until as demand_until
from paced
inner join articles
    on
        paced.tenant_id = articles.tenant_id
        and paced.article_number = articles.article_number
inner join days
    on
        paced.tenant_id = days.tenant_id
        and paced.article_number = days.article_number
inner join article_ends
    on
        paced.tenant_id = article_ends.tenant_id
        and paced.article_number = article_ends.article_number
where
    articles.is_supplier_active
    and not article_ends.is_over
    and paced.sold_units >= paced.decide_units
    and coalesce(days.arrives_on <= article_ends.season_ends_on, true)
