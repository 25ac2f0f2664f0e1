-- What runs out first: sold lately, still on hand, the fewest days of supply; the fastest seller first among equals.
select
    articles.article_name || ' ' || coalesce(positions.size, '') as display_name,
    branches.branch_name,
    positions.on_hand,
    positions.on_order,
    positions.average_weekly_units as weekly_units,
    positions.days_of_supply
from analytics.inventory_position as positions
inner join analytics.dim_article as articles
    on
        positions.tenant_id = articles.tenant_id
        and positions.article_number = articles.article_number
inner join analytics.dim_branch as branches
    on
        positions.tenant_id = branches.tenant_id
        and positions.branch_number = branches.branch_number
where
    positions.days_of_supply is not null
    and positions.on_hand > 0
    and not articles.is_service
order by positions.days_of_supply, positions.average_weekly_units desc, display_name
limit $1;
