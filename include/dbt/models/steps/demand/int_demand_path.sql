with outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

)

select
    tenant_id,
    article_number,
    branch_number,
    first_day,
    mean / 7 as daily_mean,
    coalesce(sum(mean * day_count / 7) over (
        partition by tenant_id, article_number, branch_number
        order by first_day
        rows between unbounded preceding and 1 preceding
    ), 0) as mean_before,
    sum(mean * day_count / 7) over (
        partition by tenant_id, article_number, branch_number
        order by first_day
        rows between unbounded preceding and current row
    ) as mean_after
from outlook
where mean > 0
