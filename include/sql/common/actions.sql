-- What to do now, ready to work on: the most urgent first, with what a buyer asks of an article beside it. An order line
-- waits where the budget does not reach it, and where what is ordered of its supplier today is worth less than it takes.
-- A line whose cost is not known waits for neither.
with retailer as (

    select
        tenants.tenant_id,
        tenants.name,
        tenants.country,
        tenants.currency,
        max_by(runs.as_of_date, runs.started_at) as as_of_date
    from raw.tenant as tenants
    inner join ops.run as runs
        on tenants.tenant_id = runs.tenant_id
    where
        tenants.tenant_id = $tenant_id
        and runs.as_of_date is not null
    group by tenants.tenant_id, tenants.name, tenants.country, tenants.currency

),

publications as (

    select
        tenant_id,
        max(published_at) as published_at
    from ops.publication
    where tenant_id = $tenant_id
    group by tenant_id

)

select
    retailer.name as retailer,
    retailer.country,
    retailer.as_of_date as proposed_on,
    publications.published_at,
    retailer.currency,
    actions.action,
    actions.urgency_rank,
    actions.is_minor,
    actions.due_on,
    actions.supplier_number,
    actions.supplier_name,
    articles.supplier_article_number,
    actions.article_number,
    actions.article_name,
    actions.article_size_number,
    actions.size,
    orders.ean,
    articles.supplier_colour as colour,
    articles.season_name,
    articles.category_name,
    articles.purchase_price,
    articles.label_price,
    markups.entry_markup,
    actions.branch_number,
    actions.branch_name,
    actions.from_branch_number,
    actions.from_branch_name,
    actions.order_number,
    actions.order_line_id,
    actions.units,
    policies.pack_size,
    policies.pack_source,
    policies.minimum_order_units,
    policies.minimum_source,
    actions.cost,
    actions.cost_note,
    actions.units_at_stake,
    actions.margin_at_risk,
    actions.value_at_stake,
    actions.sold_4_weeks,
    actions.sold_13_weeks,
    actions.free_stock,
    actions.on_order,
    actions.next_arrival_on,
    actions.arrives_on,
    actions.stock_out_on,
    actions.supply_note,
    actions.demand_units,
    actions.demand_until,
    actions.level_units,
    actions.forgone_units,
    orders.is_late,
    orders.priority,
    orders.is_within_budget,
    orders.is_below_supplier_minimum,
    case
        when actions.action <> 'order' or actions.is_minor then null
        when not orders.is_within_budget then 'budget'
        when
            sum(case
                when actions.action <> 'order' or actions.is_minor or not coalesce(orders.is_within_budget, true)
                    then 0
                -- What is not known may be enough.
                else coalesce(actions.cost, policies.minimum_order_value)
            end) over (partition by actions.supplier_number) < policies.minimum_order_value
            then 'supplier minimum'
    end as waits_for,
    policies.budget,
    policies.minimum_order_value,
    orders.confidence,
    actions.forecast_error,
    actions.forecast_bias,
    actions.forecast_error_source,
    actions.reason,
    actions.reason_de
from {{ published_schema() }}.replenishment_action as actions
inner join retailer
    on actions.tenant_id = retailer.tenant_id
left join publications
    on actions.tenant_id = publications.tenant_id
left join {{ published_schema() }}.replenishment_proposal as orders
    on
        actions.action = 'order'
        and actions.tenant_id = orders.tenant_id
        and actions.article_number = orders.article_number
        and actions.article_size_number = orders.article_size_number
        and actions.branch_number = orders.branch_number
left join {{ published_schema() }}.replenishment_policy as policies
    on
        actions.tenant_id = policies.tenant_id
        and actions.article_number = policies.article_number
left join {{ published_schema() }}.dim_article as articles
    on
        actions.tenant_id = articles.tenant_id
        and actions.article_number = articles.article_number
left join {{ published_schema() }}.markup_by_level as markups
    on
        markups.markup_level = 'article'
        and actions.tenant_id = markups.tenant_id
        and actions.article_number = markups.article_number
where actions.tenant_id = $tenant_id
order by actions.urgency_rank;
