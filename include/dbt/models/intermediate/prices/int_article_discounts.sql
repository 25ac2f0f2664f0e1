{{ config(materialized='ephemeral') }}

with lines as (

    select * from {{ ref('purchase_order_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and purchase_price > 0
        and net_purchase_price > 0
        and ordered_units > 0
        and not is_cancelled

),

orders as (

    select * from {{ ref('purchase_order') }}
    where tenant_id = {{ tenant_id() }}

)

-- The discount of the whole order comes off every line of it.
select
    lines.tenant_id,
    lines.article_number,
    cast(
        sum(
            cast(lines.ordered_units as double)
            * cast(lines.net_purchase_price as double)
            * (1 - cast(coalesce(orders.overall_discount, 0) as double) / 100)
        )
        / sum(cast(lines.ordered_units as double) * cast(lines.purchase_price as double))
        as decimal(9, 6)
    ) as cost_factor
from lines
left join orders
    on
        lines.tenant_id = orders.tenant_id
        and lines.order_id = orders.order_id
where lines.article_number is not null
group by lines.tenant_id, lines.article_number
