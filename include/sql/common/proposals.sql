-- What to order, ready to send: by supplier, what must be ordered first before the rest, what saves most among equals.
with retailer as (

    select
        tenants.tenant_id,
        tenants.name,
        tenants.currency,
        max_by(runs.as_of_date, runs.started_at) as as_of_date
    from raw.tenant as tenants
    inner join ops.run as runs
        on tenants.tenant_id = runs.tenant_id
    where
        tenants.tenant_id = $tenant_id
        and runs.as_of_date is not null
    group by tenants.tenant_id, tenants.name, tenants.currency

)

select
    retailer.name as retailer,
    retailer.as_of_date as proposed_on,
    proposals.supplier_number,
    proposals.supplier_name,
    proposals.supplier_article_number,
    proposals.article_number,
    proposals.article_name,
    proposals.article_size_number,
    proposals.size,
    proposals.ean,
    proposals.branch_number,
    proposals.branch_name,
    proposals.order_units,
    proposals.pack_size,
    retailer.currency,
    proposals.unit_cost,
    proposals.order_cost,
    proposals.order_by_on,
    proposals.is_late,
    proposals.stock_out_on,
    proposals.arrives_on,
    proposals.margin_at_risk,
    proposals.priority,
    proposals.is_within_budget,
    proposals.is_below_supplier_minimum,
    proposals.confidence,
    proposals.reason
from {{ published_schema() }}.replenishment_proposal as proposals
inner join retailer
    on proposals.tenant_id = retailer.tenant_id
where proposals.tenant_id = $tenant_id
order by proposals.supplier_number nulls last, proposals.order_by_on, proposals.margin_at_risk desc, proposals.priority;
