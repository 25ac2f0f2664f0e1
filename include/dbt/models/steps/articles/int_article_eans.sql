with article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    article_size_number,
    min(ean) as ean
from article_sizes
group by tenant_id, article_number, article_size_number
