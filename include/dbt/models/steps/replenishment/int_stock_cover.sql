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
        stocks.stock_kind,
        stocks.stock,
        stocks.next_arrives_in_days,
        levels.size_share,
        levels.horizon_days,
        levels.horizon_units,
        levels.daily_units_after_horizon
    from stocks
    inner join levels
        on
            stocks.tenant_id = levels.tenant_id
            and stocks.article_number = levels.article_number
            and stocks.article_size_number = levels.article_size_number
            and stocks.branch_number = levels.branch_number

),

-- The week whose expected demand uses up the stock, and the day within it. Stock beyond the forecast lasts at the rate
-- of its end, and for ever where that is nothing.
lasting as (

    select
        sized.tenant_id,
        sized.article_number,
        sized.article_size_number,
        sized.branch_number,
        sized.stock_kind,
        sized.next_arrives_in_days,
        case
            when sized.stock <= 0 then 0
            when path.tenant_id is not null
                then
                    path.first_day
                    + (sized.stock / sized.size_share - path.mean_before) / path.daily_mean
            when sized.daily_units_after_horizon > 0
                then
                    sized.horizon_days
                    + (sized.stock - sized.horizon_units) / sized.daily_units_after_horizon
        end as lasting_days
    from sized
    left join path
        on
            sized.tenant_id = path.tenant_id
            and sized.article_number = path.article_number
            and sized.branch_number = path.branch_number
            and sized.stock >= path.mean_before * sized.size_share
            and sized.stock < path.mean_after * sized.size_share

),

known as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        stock_kind,
        next_arrives_in_days,
        case
            when lasting_days <= {{ var('calendar_days_ahead') }} then greatest(lasting_days, 0)
        end as lasting_days
    from lasting

)

-- It runs out before the first arrival that is too late for what is there by then.
select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    max(case when stock_kind = 'today' then lasting_days end) as days_of_free_stock,
    min(
        case
            when
                next_arrives_in_days is null
                or next_arrives_in_days > lasting_days
                then lasting_days
        end
    ) as days_to_stock_out
from known
group by tenant_id, article_number, article_size_number, branch_number
