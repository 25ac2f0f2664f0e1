{{ config(materialized='incremental', meta=dict(
    days_of='receipt_line', days_where='sold_on is not null', days_sums=['paid_amount', 'scanned_number']
)) }}

with sales as (

    select * from {{ ref('receipt_line') }}
    where
        tenant_id = {{ tenant_id() }}
        and sold_on is not null
        {%- if is_partial_build() %}
        and sold_on in ({{ changed_days() }})
        {%- endif %}

),

reversed_receipts as (

    select
        tenant_id,
        branch_number,
        sold_on,
        receipt_number,
        max(loaded_at) as loaded_at
    from sales
    group by tenant_id, branch_number, sold_on, receipt_number
    having count(case when is_reversal then 1 end) > 0

),

-- A reversal carries its original's amounts with the opposite sign, and needs not reverse the whole receipt, so
-- lines pair by content: the first reversal of some content with the first line of that content, and so on.
candidates as (

    select
        sales.tenant_id,
        sales.sale_id,
        sales.branch_number,
        sales.sold_on,
        sales.receipt_number,
        sales.article_number,
        sales.scanned_number,
        sales.is_reversal,
        reversed_receipts.loaded_at,
        case when sales.is_reversal then -sales.units else sales.units end as original_units,
        case when sales.is_reversal then -sales.paid_amount else sales.paid_amount end as original_amount,
        row_number() over (
            partition by
                sales.tenant_id,
                sales.branch_number,
                sales.sold_on,
                sales.receipt_number,
                sales.article_number,
                sales.scanned_number,
                case when sales.is_reversal then -sales.units else sales.units end,
                case when sales.is_reversal then -sales.paid_amount else sales.paid_amount end,
                sales.is_reversal
            order by sales.receipt_position, sales.sale_id
        ) as occurrence
    from sales
    inner join reversed_receipts
        on
            sales.tenant_id = reversed_receipts.tenant_id
            and sales.sold_on = reversed_receipts.sold_on
            and sales.branch_number is not distinct from reversed_receipts.branch_number
            and sales.receipt_number is not distinct from reversed_receipts.receipt_number

),

paired as (

    select
        tenant_id,
        sale_id,
        loaded_at,
        count(*) over (
            partition by
                tenant_id,
                branch_number,
                sold_on,
                receipt_number,
                article_number,
                scanned_number,
                original_units,
                original_amount,
                occurrence
        ) = 2 as is_reversed
    from candidates

)

select
    sales.tenant_id,
    sales.sale_id,
    sales.branch_number,
    sales.cash_register_number,
    sales.receipt_number,
    sales.receipt_position,
    sales.article_number,
    sales.scanned_number,
    sales.units,
    sales.paid_amount,
    sales.discount_amount,
    sales.cost_amount,
    sales.is_reversal,
    coalesce(paired.is_reversed, false) as is_reversed,
    sales.units < 0 as is_return,
    sales.is_staff_purchase,
    sales.sold_on,
    {{ week_start('sales.sold_on') }} as week_start,
    sales.sold_at,
    sales.last_changed_at,
    coalesce(paired.loaded_at, sales.loaded_at) as loaded_at
from sales
left join paired
    on
        sales.tenant_id = paired.tenant_id
        and sales.sale_id = paired.sale_id
