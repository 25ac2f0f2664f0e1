-- A view, so that a setting or a category that changes counts for all lines at once; readers take their tenant's rows.
{{ config(materialized='view') }}

with sales as (

    select * from {{ ref('int_sales_netted') }}

),

articles as (

    select * from {{ ref('int_articles_named') }}

),

settings as (

    select * from {{ ref('stg_mercurios__tenant_settings') }}

),

limits as (

    select
        tenant_id,
        max(case when setting = 'keying_error_units' then cast(setting_value as double) end) as units,
        max(case when setting = 'keying_error_price_factor' then cast(setting_value as double) end)
            as price_factor
    from settings
    where setting in ('keying_error_units', 'keying_error_price_factor')
    group by tenant_id

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
    sales.is_return,
    sales.is_staff_purchase,
    sales.sold_on,
    sales.week_start,
    sales.sold_at,
    sales.last_changed_at,
    sales.loaded_at,
    coalesce(articles.article_kind, 'merchandise') as article_kind,
    {{ line_kind() }} as line_kind
from sales
left join articles
    on
        sales.tenant_id = articles.tenant_id
        and sales.article_number = articles.article_number
left join limits
    on sales.tenant_id = limits.tenant_id
