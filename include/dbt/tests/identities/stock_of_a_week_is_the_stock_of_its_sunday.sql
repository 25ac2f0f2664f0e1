{# The two histories of stock are made apart; where both reach, they say the same. #}
with weeks as (

    select * from {{ ref('fct_demand_weekly') }}
    where tenant_id = {{ tenant_id() }}

),

days as (

    select * from {{ ref('inventory_daily') }}
    where tenant_id = {{ tenant_id() }}

)

select
    weeks.article_number,
    weeks.branch_number,
    weeks.week_start,
    weeks.closing_stock as stock_of_the_week,
    days.closing_stock as stock_of_sunday
from weeks
inner join days
    on
        weeks.tenant_id = days.tenant_id
        and weeks.article_number = days.article_number
        and weeks.branch_number = days.branch_number
        and days.date_day = {{ add_days('weeks.week_start', 6) }}
where abs(weeks.closing_stock - days.closing_stock) > 0.005
