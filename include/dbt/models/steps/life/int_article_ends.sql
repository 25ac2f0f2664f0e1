with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

seasons as (

    select * from {{ ref('season') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('stg_mercurios__replenishment_policies') }}
    where
        tenant_id = {{ tenant_id() }}
        and setting = 'is_reordered'

),

positions as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- What the tenant file says of the article, else of its supplier, else of all.
decided as (

    select
        articles.tenant_id,
        articles.article_number,
        coalesce(
            max(case when policies.scope = 'article' then policies.setting_value end),
            max(case when policies.scope = 'supplier' then policies.setting_value end),
            max(case when policies.scope = 'tenant' then policies.setting_value end)
        ) as is_reordered
    from articles
    inner join policies
        on
            articles.tenant_id = policies.tenant_id
            and policies.scope_key = case policies.scope
                when 'article' then cast(articles.article_number as varchar)
                when 'supplier' then cast(articles.supplier_number as varchar)
                else ''
            end
    group by articles.tenant_id, articles.article_number

),

receipts as (

    select
        tenant_id,
        article_number,
        min(received_on) as first_on,
        max(received_on) as last_on
    from positions
    where delivered_units > 0
    group by tenant_id, article_number

),

known as (

    select
        articles.*,
        seasons.ends_on as season_ends_on,
        as_of.as_of_date,
        coalesce(decided.is_reordered > 0, articles.is_nos and articles.is_active)
        and articles.is_supplier_active as is_ordered_again,
        -- Goods without a season that came again after a month, and lately, are bought again.
        articles.is_active
        and seasons.ends_on is null
        and coalesce(decided.is_reordered > 0, true)
        and receipts.last_on >= {{ add_days('receipts.first_on', 28) }}
        and receipts.last_on > {{ add_days('as_of.as_of_date', '-7 * ' ~ var('bought_again_weeks')) }}
            as came_again
    from articles
    inner join as_of
        on articles.tenant_id = as_of.tenant_id
    left join seasons
        on
            articles.tenant_id = seasons.tenant_id
            and articles.season_number = seasons.season_number
    left join decided
        on
            articles.tenant_id = decided.tenant_id
            and articles.article_number = decided.article_number
    left join receipts
        on
            articles.tenant_id = receipts.tenant_id
            and articles.article_number = receipts.article_number
    where not articles.is_service

)

select
    tenant_id,
    article_number,
    as_of_date,
    season_ends_on,
    coalesce(is_ordered_again or came_again, false) as is_bought_again,
    not coalesce(is_ordered_again or came_again, false)
    and (coalesce(season_ends_on < as_of_date, false) or not is_active) as is_over,
    coalesce(first_sold_on, first_received_on, as_of_date)
    > {{ add_days('as_of_date', '-7 * ' ~ var('new_weeks')) }} as is_new
from known
