-- A view, so that a rate or a basis that changes counts for all lines at once; readers take their tenant's rows.
{{ config(materialized='view') }}

with sales as (

    select * from {{ ref('int_sales_classified') }}

),

articles as (

    select * from {{ ref('int_article_prices') }}

),

basis as (

    select * from {{ ref('int_price_basis') }}

),

tax_rates as (

    select * from {{ ref('int_tax_rates') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}

),

-- A line of no known article is priced as goods of which the source says nothing.
described as (

    select
        sales.*,
        basis.includes_tax,
        coalesce(articles.tax_number, basis.default_tax_number) as tax_number,
        coalesce(articles.currency_code, basis.currency) as currency_code,
        coalesce(
            articles.cost_factor,
            case when basis.cost_basis is distinct from 'net_purchase_price' then 1 end
        ) as cost_factor
    from sales
    left join articles
        on
            sales.tenant_id = articles.tenant_id
            and sales.article_number = articles.article_number
    left join basis
        on sales.tenant_id = basis.tenant_id

),

rated as (

    select
        described.*,
        tax_rates.tax_rate,
        exchange_rates.exchange_rate
    from described
    left join tax_rates
        on
            described.tenant_id = tax_rates.tenant_id
            and described.tax_number = tax_rates.tax_number
            and described.sold_on >= tax_rates.valid_from
            and described.sold_on < tax_rates.valid_until
    left join exchange_rates
        on
            described.tenant_id = exchange_rates.tenant_id
            and described.currency_code = exchange_rates.currency_code
            and described.sold_on >= exchange_rates.valid_from
            and described.sold_on < exchange_rates.valid_until

),

priced as (

    select
        *,
        case
            when includes_tax then {{ net_of_tax('paid_amount', 'tax_rate') }}
            when not includes_tax then paid_amount
        end as revenue_net,
        {{ cost_in_tenants_currency('cost_amount', 'cost_factor', 'exchange_rate') }} as cost,
        {{ margin_note('cost_amount') }} as margin_note
    from rated

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
    units,
    paid_amount,
    discount_amount,
    is_return,
    is_staff_purchase,
    sold_on,
    week_start,
    sold_at,
    loaded_at,
    line_kind,
    tax_rate,
    revenue_net,
    cost,
    margin_note,
    case when margin_note is null then cast(revenue_net - cost as decimal(18, 2)) end as margin
from priced
