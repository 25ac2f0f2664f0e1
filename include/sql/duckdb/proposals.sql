-- What to order, ready to send: by supplier, the most urgent line first.
select
    supplier_number,
    supplier_name,
    supplier_article_number,
    article_number,
    article_name,
    size,
    ean,
    branch_number,
    branch_name,
    order_units,
    pack_size,
    unit_cost,
    order_cost,
    order_by_on,
    is_late,
    stock_out_on,
    arrives_on,
    margin_saved,
    priority,
    is_within_budget,
    is_below_supplier_minimum,
    confidence,
    reason
from analytics.replenishment_proposal
where tenant_id = $tenant_id
order by supplier_number nulls last, order_by_on, priority;
