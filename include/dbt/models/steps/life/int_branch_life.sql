with sizes as (

    select * from {{ ref('article_life') }}
    where tenant_id = {{ tenant_id() }}

)

-- An article lives in a branch as long as one of its sizes does, and is over there since the last of them ended.
select
    tenant_id,
    article_number,
    branch_number,
    max(case when is_wanted then 1 else 0 end) = 1 as is_wanted,
    max(case when has_demand then 1 else 0 end) = 1 as has_demand,
    max(season_ends_on) as season_ends_on,
    max(branch_last_sold_on) as last_sold_on,
    case when max(case when has_demand then 1 else 0 end) = 0 then max(life_since) end as over_since
from sizes
group by tenant_id, article_number, branch_number
