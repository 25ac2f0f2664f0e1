with positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

lives as (

    select * from {{ ref('int_branch_life') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

)

-- Articles that end are only moved to where they will be sold before the next look.
select
    positions.tenant_id,
    positions.article_number,
    positions.article_size_number,
    positions.branch_number,
    positions.free_stock,
    positions.available,
    positions.target_units,
    positions.days_of_supply,
    positions.unit_cost,
    positions.cost_note,
    positions.unit_margin,
    -- Goods are sent to where they live and were sold in the last quarter, and nowhere else.
    coalesce(
        lives.is_wanted
        and lives.last_sold_on > {{ add_days('as_of.as_of_date', '-7 * ' ~ var('supply_weeks')) }},
        false
    ) as is_sent_to,
    case
        when positions.is_reordered then positions.reorder_point
        else round(positions.protection_units, 0)
    end as least_units,
    case
        when positions.is_reordered then positions.order_up_to
        else round(positions.protection_units, 0)
    end as wanted_units
from positions
inner join articles
    on
        positions.tenant_id = articles.tenant_id
        and positions.article_number = articles.article_number
inner join as_of
    on positions.tenant_id = as_of.tenant_id
left join lives
    on
        positions.tenant_id = lives.tenant_id
        and positions.article_number = lives.article_number
        and positions.branch_number = lives.branch_number
where
    not articles.is_service
    and positions.size_share > 0
