with articles as (

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

)

-- What has no season is given as long as a forecast reaches; only a season that goes on is a term for a markdown.
select
    articles.tenant_id,
    articles.article_number,
    articles.article_name,
    articles.category_number,
    articles.season_number,
    as_of.as_of_date,
    coalesce(
        seasons.ends_on, {{ add_days('as_of.as_of_date', '7 * ' ~ var('selling_weeks')) }}
    ) as sell_until,
    coalesce(seasons.ends_on >= as_of.as_of_date, false) as has_term
from articles
inner join as_of
    on articles.tenant_id = as_of.tenant_id
left join seasons
    on
        articles.tenant_id = seasons.tenant_id
        and articles.season_number = seasons.season_number
where not articles.is_service
