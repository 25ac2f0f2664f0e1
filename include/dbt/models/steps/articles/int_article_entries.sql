with articles as (

    select * from {{ ref('dim_article') }}
    where
        tenant_id = {{ tenant_id() }}
        and article_kind in {{ goods_kinds() }}

),

prices as (

    select * from {{ ref('int_article_prices') }}
    where tenant_id = {{ tenant_id() }}

),

basis as (

    select * from {{ ref('int_price_basis') }}
    where tenant_id = {{ tenant_id() }}

),

order_lines as (

    select * from {{ ref('int_order_lines_valued') }}
    where delivered_units > 0

),

received as (

    select
        tenant_id,
        article_number,
        sum(delivered_units) as units_received,
        sum(case when unit_cost is not null then delivered_units else 0 end) as costed_units,
        sum(delivered_units * unit_cost) as received_cost
    from order_lines
    group by tenant_id, article_number

)

select
    articles.tenant_id,
    articles.article_number,
    coalesce(articles.season_number, 0) as season_number,
    coalesce(articles.category_number, 0) as category_number,
    nullif(prices.list_price, 0) as list_price,
    nullif(prices.list_price_net, 0) as list_price_net,
    prices.unit_cost,
    coalesce(received.units_received, 0) as units_received,
    coalesce(received.costed_units, 0) as costed_units,
    received.received_cost,
    case
        when basis.includes_tax is null then 'no price basis'
        when coalesce(prices.list_price, 0) = 0 then 'no list price'
        when prices.list_price_net is null then 'no tax rate'
        when received.received_cost is null and prices.unit_cost is null then prices.cost_issue
    end as entry_note
from articles
left join prices
    on
        articles.tenant_id = prices.tenant_id
        and articles.article_number = prices.article_number
left join basis
    on articles.tenant_id = basis.tenant_id
left join received
    on
        articles.tenant_id = received.tenant_id
        and articles.article_number = received.article_number
