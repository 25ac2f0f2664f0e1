{{ config(materialized='incremental') }}

with ages as (

    select * from {{ ref('stock_age') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

seasons as (

    select * from {{ ref('season') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

classed as (

    {% for age_class, units in [
        ('under 90 days', 'units_under_90'), ('90 to 179 days', 'units_90_to_179'),
        ('180 to 364 days', 'units_180_to_364'), ('365 days and more', 'units_from_365'),
    ] -%}
    select
        tenant_id,
        article_number,
        '{{ age_class }}' as age_class,
        {{ units }} as units
    from ages
    where {{ units }} > 0
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}

),

summed as (

    select
        classed.tenant_id,
        coalesce(articles.season_number, 0) as season_number,
        coalesce(articles.category_number, 0) as category_number,
        classed.age_class,
        sum(classed.units) as on_hand,
        sum(classed.units * articles.purchase_price) as on_hand_value,
        count(distinct classed.article_number) as articles,
        count(distinct case when articles.purchase_price is null then classed.article_number end)
            as unvalued_articles
    from classed
    left join articles
        on
            classed.tenant_id = articles.tenant_id
            and classed.article_number = articles.article_number
    group by
        classed.tenant_id,
        coalesce(articles.season_number, 0),
        coalesce(articles.category_number, 0),
        classed.age_class

)

select
    summed.tenant_id,
    summed.season_number,
    summed.category_number,
    summed.age_class,
    seasons.ends_on < as_of.as_of_date as is_season_over,
    cast(summed.on_hand as double) as on_hand,
    cast(summed.on_hand_value as decimal(18, 2)) as on_hand_value,
    case
        when summed.unvalued_articles > 0
            then
                {{ some_of('summed.unvalued_articles', 'summed.articles', 'articles: no purchase price') }}
    end as value_note
from summed
inner join as_of
    on summed.tenant_id = as_of.tenant_id
left join seasons
    on
        summed.tenant_id = seasons.tenant_id
        and summed.season_number = seasons.season_number
