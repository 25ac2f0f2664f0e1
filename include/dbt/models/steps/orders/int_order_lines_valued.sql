with sized as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

order_lines as (

    select * from {{ ref('purchase_order_line') }}
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

prices as (

    select * from {{ ref('int_article_prices') }}
    where tenant_id = {{ tenant_id() }}

),

basis as (

    select * from {{ ref('int_price_basis') }}
    where tenant_id = {{ tenant_id() }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

-- What a line does not say costs what the article costs today.
select
    sized.tenant_id,
    sized.order_position_id,
    sized.order_id,
    sized.article_number,
    coalesce(orders.supplier_number, articles.supplier_number, 0) as supplier_number,
    coalesce(articles.season_number, 0) as season_number,
    coalesce(articles.category_number, 0) as category_number,
    coalesce(sized.ordered_on, as_of.as_of_date) as ordered_on,
    sized.expected_on,
    sized.received_on,
    as_of.as_of_date,
    sized.delivered_units,
    sized.open_units,
    coalesce(order_lines.ordered_units, sized.delivered_units + sized.open_units) as ordered_units,
    coalesce(order_lines.is_cancelled, false) as is_cancelled,
    coalesce(
        case
            when basis.cost_basis = 'net_purchase_price'
                then {{ cost_in_tenants_currency(
                    'order_lines.net_purchase_price',
                    '(1 - cast(coalesce(orders.overall_discount, 0) as double) / 100)',
                    'exchange_rates.exchange_rate',
                ) }}
            else {{ cost_in_tenants_currency(
                'order_lines.purchase_price', '1', 'exchange_rates.exchange_rate'
            ) }}
        end,
        prices.unit_cost
    ) as unit_cost
from sized
inner join order_lines
    on
        sized.tenant_id = order_lines.tenant_id
        and sized.order_position_id = order_lines.order_line_id
inner join as_of
    on sized.tenant_id = as_of.tenant_id
left join orders
    on
        sized.tenant_id = orders.tenant_id
        and sized.order_id = orders.order_id
left join articles
    on
        sized.tenant_id = articles.tenant_id
        and sized.article_number = articles.article_number
left join prices
    on
        sized.tenant_id = prices.tenant_id
        and sized.article_number = prices.article_number
left join basis
    on sized.tenant_id = basis.tenant_id
left join exchange_rates
    on
        sized.tenant_id = exchange_rates.tenant_id
        and prices.currency_code = exchange_rates.currency_code
        and coalesce(sized.ordered_on, as_of.as_of_date) >= exchange_rates.valid_from
        and coalesce(sized.ordered_on, as_of.as_of_date) < exchange_rates.valid_until
