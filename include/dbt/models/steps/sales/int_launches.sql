with articles as (

    select * from {{ ref('dim_article') }}
    where
        tenant_id = {{ tenant_id() }}
        and not is_service

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

)

select
    articles.tenant_id,
    articles.article_number,
    coalesce(articles.season_number, 0) as season_number,
    coalesce(articles.first_received_on, articles.first_sold_on) as launched_on,
    case
        when articles.first_received_on is null then 'no receipt is known'
        when articles.first_sold_on < articles.first_received_on then 'sold before its first receipt'
    end as launch_note,
    as_of.as_of_date
from articles
inner join as_of
    on articles.tenant_id = as_of.tenant_id
where coalesce(articles.first_received_on, articles.first_sold_on) is not null
