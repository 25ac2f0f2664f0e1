with order_lines as (

    select * from {{ ref('purchase_order_line') }}
    where tenant_id = {{ tenant_id() }}

),

sized as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

orders as (

    select * from {{ ref('purchase_order') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    sized.tenant_id,
    coalesce(orders.supplier_number, articles.supplier_number) as supplier_number,
    sized.order_id,
    sized.received_on,
    cast(sized.received_on - cast(orders.ordered_at as date) as integer) as lead_time_days,
    sized.delivered_units,
    case
        when sized.open_units > 0 then 0
        -- The retailer's own decision is no failure of the supplier's.
        when order_lines.is_cancelled
            then least(coalesce(order_lines.ordered_units, 0), sized.delivered_units)
        else coalesce(order_lines.ordered_units, 0)
    end as finished_units,
    case
        when sized.open_units > 0 and sized.expected_on < as_of.as_of_date then sized.open_units
        else 0
    end as overdue_units,
    coalesce(articles.is_nos, false) as is_nos
from sized
inner join order_lines
    on
        sized.tenant_id = order_lines.tenant_id
        and sized.order_position_id = order_lines.order_line_id
left join orders
    on
        sized.tenant_id = orders.tenant_id
        and sized.order_id = orders.order_id
inner join as_of
    on sized.tenant_id = as_of.tenant_id
left join articles
    on
        sized.tenant_id = articles.tenant_id
        and sized.article_number = articles.article_number
