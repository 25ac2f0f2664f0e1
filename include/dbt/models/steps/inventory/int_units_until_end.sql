with outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

ends as (

    select * from {{ ref('int_selling_ends') }}

),

-- A season may end after the outlook does; a branch goes on selling at its outlook's pace.
branches as (

    select
        ends.tenant_id,
        ends.article_number,
        outlook.branch_number,
        sum(
            outlook.mean / 7
            * least(
                outlook.day_count,
                greatest(ends.sell_until - ends.as_of_date + 1 - outlook.first_day, 0)
            )
        ) as outlook_units,
        greatest(
            min(ends.sell_until - ends.as_of_date + 1 - outlook.first_day - outlook.day_count), 0
        ) as days_after,
        avg(outlook.mean) / 7 as daily_units
    from ends
    inner join outlook
        on
            ends.tenant_id = outlook.tenant_id
            and ends.article_number = outlook.article_number
    group by ends.tenant_id, ends.article_number, outlook.branch_number

)

select
    tenant_id,
    article_number,
    sum(outlook_units + days_after * daily_units) as expected_units
from branches
group by tenant_id, article_number
