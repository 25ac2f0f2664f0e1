with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

receipt_lines as (

    select * from {{ ref('receipt_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and customer_key is not null

),

-- The number on a staff purchase is a member of staff's, not a customer's.
summed as (

    select
        sales.tenant_id,
        coalesce(sales.branch_number, 0) as branch_number,
        sales.sold_on,
        sales.receipt_number,
        max(case when sales.is_staff_purchase then 1 else 0 end) as is_by_staff,
        max(receipt_lines.customer_key) as customer_key,
        sum(sales.units) as units,
        sum(case when sales.units > 0 then sales.units else 0 end) as gross_units,
        sum(sales.revenue) as revenue,
        sum(sales.revenue_net) as revenue_net
    from sales
    left join receipt_lines
        on
            sales.tenant_id = receipt_lines.tenant_id
            and sales.sale_id = receipt_lines.sale_id
    group by sales.tenant_id, coalesce(sales.branch_number, 0), sales.sold_on, sales.receipt_number

)

select
    tenant_id,
    branch_number,
    sold_on,
    cast(date_trunc('month', sold_on) as date) as month_start,
    case when is_by_staff = 0 then customer_key end as customer_key,
    case when is_by_staff = 1 then 'staff' when customer_key is not null then 'customer' else 'anonymous' end
        as buyer,
    units,
    gross_units,
    revenue,
    revenue_net,
    -- Lines without a number are of no known receipt.
    receipt_number is not null and gross_units > 0 as is_receipt_with_sale
from summed
