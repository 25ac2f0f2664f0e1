{{ config(materialized='incremental') }}

with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

needs as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

ledger as (

    select * from {{ ref('int_stock_ledger') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

stocked as (

    select distinct
        tenant_id,
        article_number
    from positions

),

expected as (

    select
        tenant_id,
        article_number,
        sum(mean_units) as units
    from outlook
    group by tenant_id, article_number

),

issues as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'negative stock' as issue,
        on_hand as units
    from positions
    where is_negative_stock
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'unknown size' as issue,
        on_hand + on_order as units
    from positions
    where article_size_number = 0
    union all
    select
        positions.tenant_id,
        positions.article_number,
        positions.article_size_number,
        positions.branch_number,
        'overdue order' as issue,
        positions.on_order as units
    from positions
    inner join as_of
        on positions.tenant_id = as_of.tenant_id
    where
        positions.on_order > 0
        and positions.next_arrival_on < as_of.as_of_date
    union all
    select
        articles.tenant_id,
        articles.article_number,
        coalesce(positions.article_size_number, 0) as article_size_number,
        coalesce(positions.branch_number, 0) as branch_number,
        'article without master' as issue,
        coalesce(positions.on_hand, 0) as units
    from articles
    left join positions
        on
            articles.tenant_id = positions.tenant_id
            and articles.article_number = positions.article_number
    where articles.is_inferred
    union all
    select
        articles.tenant_id,
        articles.article_number,
        0 as article_size_number,
        0 as branch_number,
        'no sizes' as issue,
        coalesce(expected.units, 0) as units
    from articles
    inner join policies
        on
            articles.tenant_id = policies.tenant_id
            and articles.article_number = policies.article_number
    left join stocked
        on
            articles.tenant_id = stocked.tenant_id
            and articles.article_number = stocked.article_number
    left join expected
        on
            articles.tenant_id = expected.tenant_id
            and articles.article_number = expected.article_number
    where
        stocked.tenant_id is null
        and not articles.is_service
        and not articles.is_inferred
        and (policies.is_reordered or expected.units > 0)
    union all
    select
        tenant_id,
        article_number,
        0 as article_size_number,
        0 as branch_number,
        'unknown supplier' as issue,
        0 as units
    from articles
    where
        supplier_number is not null
        and supplier_name is null
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'no purchase price' as issue,
        free_stock as units
    from needs
    where
        unit_cost <= 0
        and (is_reordered or free_stock > 0)
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'no margin' as issue,
        free_stock as units
    from needs
    where
        unit_margin <= 0
        and is_reordered
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        'no forecast' as issue,
        free_stock as units
    from needs
    where
        is_reordered
        and (demand_source = 'average' or (demand_source = 'none' and reorder_point > 0))
    union all
    select
        tenant_id,
        article_number,
        0 as article_size_number,
        0 as branch_number,
        'no supplier' as issue,
        0 as units
    from policies
    where
        is_reordered
        and supplier_number is null
    union all
    select
        tenant_id,
        article_number,
        0 as article_size_number,
        0 as branch_number,
        'no lead time' as issue,
        0 as units
    from policies
    where
        is_reordered
        and lead_time_source = 'default'
    union all
    select
        ledger.tenant_id,
        ledger.article_number,
        ledger.article_size_number,
        ledger.branch_number,
        'unexplained stock' as issue,
        sum(ledger.units_counted) as units
    from ledger
    inner join as_of
        on ledger.tenant_id = as_of.tenant_id
    where
        ledger.units_counted <> 0
        and ledger.moved_on > {{ add_days('as_of.as_of_date', -28) }}
    group by ledger.tenant_id, ledger.article_number, ledger.article_size_number, ledger.branch_number

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    issue,
    cast(units as double) as units
from issues
