with order_lines as (

    select * from {{ ref('int_order_lines_valued') }}
    where not is_cancelled or delivered_units > 0

),

prices as (

    select * from {{ ref('int_article_prices') }}
    where tenant_id = {{ tenant_id() }}

),

settings as (

    select
        tenant_id,
        max(setting_value) as limit_basis
    from {{ ref('stg_mercurios__tenant_settings') }}
    where
        tenant_id = {{ tenant_id() }}
        and scope = 'limits'
        and setting = 'basis'
    group by tenant_id

),

valued as (

    select
        order_lines.*,
        case
            when settings.limit_basis = 'list_price' then nullif(prices.list_price, 0)
            else order_lines.unit_cost
        end as unit_value
    from order_lines
    left join prices
        on
            order_lines.tenant_id = prices.tenant_id
            and order_lines.article_number = prices.article_number
    left join settings
        on order_lines.tenant_id = settings.tenant_id

)

-- What is late comes this month at the earliest.
select
    tenant_id,
    season_number,
    category_number,
    cast(date_trunc('month', received_on) as date) as month_start,
    delivered_units as received_units,
    cast(0 as decimal(18, 2)) as open_units,
    unit_value
from valued
where delivered_units > 0
union all
select
    tenant_id,
    season_number,
    category_number,
    cast(date_trunc('month', greatest(coalesce(expected_on, as_of_date), as_of_date)) as date) as month_start,
    cast(0 as decimal(18, 2)) as received_units,
    open_units,
    unit_value
from valued
where open_units > 0
