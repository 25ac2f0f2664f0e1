{# Bringing stock and open orders to one grain neither drops nor doubles a unit of either. #}
with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

stock_reports as (

    select * from {{ ref('stock_report') }}
    where tenant_id = {{ tenant_id() }}

),

order_lines as (

    select * from {{ ref('purchase_order_line') }}
    where tenant_id = {{ tenant_id() }}

),

differences as (

    select
        article_number,
        branch_number,
        on_hand,
        on_order
    from positions
    union all
    select
        article_number,
        branch_number,
        -stock_units as on_hand,
        0 as on_order
    from stock_reports
    union all
    select
        article_number,
        branch_number,
        0 as on_hand,
        -open_units as on_order
    from order_lines
    where
        open_units > 0
        and not is_cancelled

)

select
    article_number,
    branch_number,
    sum(on_hand) as on_hand,
    sum(on_order) as on_order
from differences
where
    article_number is not null
    and branch_number is not null
group by article_number, branch_number
having
    sum(on_hand) <> 0
    or sum(on_order) <> 0
