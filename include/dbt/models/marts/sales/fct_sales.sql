{{
    config(
        materialized='incremental',
        meta={
            'days_of': 'int_sales_priced',
            'days_where': 'line_kind in ' ~ sales_kinds(),
            'days_by': 'line_kind',
            'days_sums': ['revenue_net', 'cost', 'scanned_number'],
            'days_notes': ['margin_note'],
        },
    )
}}

with sales as (

    select * from {{ ref('int_sales_priced') }}
    where
        tenant_id = {{ tenant_id() }}
        and line_kind in {{ sales_kinds() }}
        {%- if is_partial_build() %}
        and sold_on in ({{ changed_days() }})
        {%- endif %}

)

select
    tenant_id,
    sale_id,
    branch_number,
    cash_register_number,
    receipt_number,
    receipt_position,
    article_number,
    scanned_number,
    sold_on,
    sold_at,
    week_start,
    units,
    paid_amount as revenue,
    cast(discount_amount as decimal(18, 2)) as discount,
    cost,
    margin,
    line_kind,
    is_return,
    is_staff_purchase,
    loaded_at,
    tax_rate,
    revenue_net,
    margin_note
from sales
