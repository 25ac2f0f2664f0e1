with outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

ends as (

    select * from {{ ref('int_selling_ends') }}

),

weeks as (

    select
        tenant_id,
        article_number,
        week_start,
        min(first_day) as first_day,
        min(day_count) as day_count,
        sum(mean) as mean
    from outlook
    group by tenant_id, article_number, week_start

)

select
    ends.tenant_id,
    ends.article_number,
    sum(
        weeks.mean / 7
        * least(weeks.day_count, greatest(ends.sell_until - ends.as_of_date + 1 - weeks.first_day, 0))
    ) as expected_units,
    max(weeks.first_day + weeks.day_count) as horizon_days,
    avg(weeks.mean) / 7 as daily_units
from ends
inner join weeks
    on
        ends.tenant_id = weeks.tenant_id
        and ends.article_number = weeks.article_number
group by ends.tenant_id, ends.article_number
