with positions as (

    select * from {{ ref('inventory_position') }}
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
        sum(mean) as units
    from outlook
    group by tenant_id, article_number

)

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
    articles.tenant_id,
    articles.article_number,
    0 as article_size_number,
    0 as branch_number,
    'inactive supplier' as issue,
    coalesce(expected.units, 0) as units
from articles
left join expected
    on
        articles.tenant_id = expected.tenant_id
        and articles.article_number = expected.article_number
where
    articles.is_nos
    and articles.is_active
    and not articles.is_supplier_active
