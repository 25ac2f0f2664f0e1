{{ config(materialized='incremental') }}

with described as (

    select * from {{ ref('int_article_price_keys') }}

),

tax_rates as (

    select * from {{ ref('int_tax_rates') }}
    where tenant_id = {{ tenant_id() }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}
    where tenant_id = {{ tenant_id() }}

)

select
    described.tenant_id,
    described.article_number,
    described.tax_number,
    described.currency_code,
    described.cost_factor,
    {{ cost_in_tenants_currency(
        'described.purchase_price', 'described.cost_factor', 'exchange_rates.exchange_rate'
    ) }} as unit_cost,
    case
        when described.includes_tax then {{ net_of_tax('described.sale_price', 'tax_rates.tax_rate') }}
        when not described.includes_tax then described.sale_price
    end as sale_price_net,
    described.list_price,
    case
        when described.includes_tax then {{ net_of_tax('described.list_price', 'tax_rates.tax_rate') }}
        when not described.includes_tax then described.list_price
    end as list_price_net,
    case
        when coalesce(described.purchase_price, 0) = 0 then 'no purchase price'
        when exchange_rates.exchange_rate is null then 'no rate of exchange'
        when described.cost_factor is null then 'no net purchase price'
    end as cost_issue
from described
left join tax_rates
    on
        described.tenant_id = tax_rates.tenant_id
        and described.tax_number = tax_rates.tax_number
        and described.as_of_date >= tax_rates.valid_from
        and described.as_of_date < tax_rates.valid_until
left join exchange_rates
    on
        described.tenant_id = exchange_rates.tenant_id
        and described.currency_code = exchange_rates.currency_code
        and described.as_of_date >= exchange_rates.valid_from
        and described.as_of_date < exchange_rates.valid_until
