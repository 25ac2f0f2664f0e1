with levels as (

    select * from {{ ref('int_size_levels') }}

),

stocks as (

    select * from {{ ref('int_stock_projected') }}

),

path as (

    select * from {{ ref('int_demand_path') }}

),

sized as (

    select
        stocks.tenant_id,
        stocks.article_number,
        stocks.article_size_number,
        stocks.branch_number,
        stocks.stock,
        stocks.next_arrives_in_days,
        levels.size_share,
        levels.available,
        levels.lead_time_days,
        levels.lead_units,
        levels.protection_days,
        levels.protection_units,
        greatest(stocks.next_arrives_in_days - levels.horizon_days, 0) * levels.daily_units_after_horizon
            as units_after_horizon
    from stocks
    inner join levels
        on
            stocks.tenant_id = levels.tenant_id
            and stocks.article_number = levels.article_number
            and stocks.article_size_number = levels.article_size_number
            and stocks.branch_number = levels.branch_number

),

-- What is asked for until the next goods come, where that is within the protection period.
until_arrivals as (

    select
        sized.tenant_id,
        sized.article_number,
        sized.article_size_number,
        sized.branch_number,
        sized.next_arrives_in_days,
        max(
            least(
                path.mean_before + path.daily_mean * (sized.next_arrives_in_days - path.first_day),
                path.mean_after
            ) * sized.size_share
            + sized.units_after_horizon
        ) as units
    from sized
    inner join path
        on
            sized.tenant_id = path.tenant_id
            and sized.article_number = path.article_number
            and sized.branch_number = path.branch_number
            and sized.next_arrives_in_days > path.first_day
    where sized.next_arrives_in_days < sized.protection_days
    group by
        sized.tenant_id,
        sized.article_number,
        sized.article_size_number,
        sized.branch_number,
        sized.next_arrives_in_days

),

-- By how much demand is above what has come: when the next goods come, or at the end of a period before that.
lacking as (

    select
        sized.*,
        case
            when sized.next_arrives_in_days < sized.lead_time_days then coalesce(until_arrivals.units, 0)
            else sized.lead_units
        end - sized.stock as lacking_in_lead_time,
        case
            when sized.next_arrives_in_days < sized.protection_days then coalesce(until_arrivals.units, 0)
            else sized.protection_units
        end - sized.stock as lacking_in_period,
        coalesce(sized.next_arrives_in_days > sized.lead_time_days, true) as is_after_lead_time
    from sized
    left join until_arrivals
        on
            sized.tenant_id = until_arrivals.tenant_id
            and sized.article_number = until_arrivals.article_number
            and sized.article_size_number = until_arrivals.article_size_number
            and sized.branch_number = until_arrivals.branch_number
            and sized.next_arrives_in_days = until_arrivals.next_arrives_in_days

)

-- Stock that is empty stays empty until goods come, so what is missed in all is the most by which demand is ever above
-- what has come. What open orders bring after it is needed serves nothing before, and an order still has to.
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    greatest(
        max(lacking_in_lead_time)
        - greatest(
            max(case when is_after_lead_time then lacking_in_period end)
            - max(protection_units - available), 0
        ), 0
    ) as forgone_units
from lacking
group by tenant_id, article_number, article_size_number, branch_number
