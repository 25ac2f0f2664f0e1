with receipts as (

    select * from {{ ref('int_receipts') }}

),

first_purchases as (

    select
        tenant_id,
        customer_key,
        min(month_start) as first_month
    from receipts
    where
        customer_key is not null
        and gross_units > 0
    group by tenant_id, customer_key

),

-- Who brings something back without a purchase that is known bought before the history begins.
known as (

    select
        receipts.*,
        case
            when receipts.buyer <> 'customer' then receipts.buyer
            when first_purchases.first_month = receipts.month_start then 'new'
            else 'known'
        end as group_of_buyers
    from receipts
    left join first_purchases
        on
            receipts.tenant_id = first_purchases.tenant_id
            and receipts.customer_key = first_purchases.customer_key

)

select
    tenant_id,
    month_start,
    branch_number,
    {%- for group in ['new', 'known', 'anonymous', 'staff'] %}
    count(case when is_receipt_with_sale and group_of_buyers = '{{ group }}' then 1 end)
        as {{ group }}_receipts,
    sum(case when group_of_buyers = '{{ group }}' then revenue else 0 end) as {{ group }}_revenue,
    {%- endfor %}
    count(distinct case when group_of_buyers = 'new' then customer_key end) as new_customers,
    count(distinct case when group_of_buyers = 'known' then customer_key end) as known_customers,
    count(case when is_receipt_with_sale then 1 end) as receipts,
    count(distinct sold_on) as selling_days,
    min(sold_on) as first_sold_on,
    max(sold_on) as last_sold_on,
    sum(units) as units,
    sum(gross_units) as gross_units,
    sum(revenue) as revenue,
    sum(revenue_net) as revenue_net
from known
group by tenant_id, month_start, branch_number
