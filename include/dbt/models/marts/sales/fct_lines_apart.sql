{{
    config(
        materialized='incremental',
        meta={
            'days_of': 'int_sales_priced',
            'days_where': 'line_kind not in ' ~ sales_kinds(),
            'days_by': 'line_kind',
            'days_sums': ['cost', 'scanned_number'],
        },
    )
}}

with lines as (

    select * from {{ ref('int_sales_priced') }}
    where
        tenant_id = {{ tenant_id() }}
        and line_kind not in {{ sales_kinds() }}
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
    paid_amount as amount,
    cost,
    line_kind,
    loaded_at
from lines
