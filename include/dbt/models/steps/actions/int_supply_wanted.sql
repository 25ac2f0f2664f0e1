with order_lines as (

    select * from {{ ref('int_open_order_lines') }}

),

positions as (

    select * from {{ ref('replenishment_position') }}
    where tenant_id = {{ tenant_id() }}

),

levels as (

    select * from {{ ref('replenishment_level') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

article_ends as (

    select * from {{ ref('int_article_ends') }}

),

-- What is reordered goes on after a season.
ends as (

    select
        order_lines.tenant_id,
        order_lines.article_number,
        order_lines.article_size_number,
        order_lines.branch_number,
        order_lines.order_position_id,
        order_lines.order_id,
        order_lines.open_units,
        order_lines.as_of_date,
        order_lines.arrives_on,
        case when order_lines.supply <> 'unconfirmed' then order_lines.arrives_on end as confirmed_on,
        positions.is_reordered,
        positions.is_new,
        positions.size_share,
        positions.unit_cost,
        greatest(positions.free_stock, 0) as stock,
        case
            when positions.is_reordered then positions.order_up_to
            else
                greatest(positions.target_units - positions.horizon_units, 0)
                * {{ share_of_spread_at_the_end(
                    'positions.unit_margin', 'positions.unit_cost', 'levels.service_factor'
                ) }}
        end as level_units,
        levels.daily_units_after_horizon,
        levels.horizon_days,
        {{ add_days('order_lines.as_of_date', 'coalesce(levels.horizon_days, 0)') }} as horizon_ends_on,
        case
            when not branches.is_active or article_ends.is_over then order_lines.as_of_date
            when not positions.is_reordered then article_ends.season_ends_on
        end as sells_until
    from order_lines
    inner join positions
        on
            order_lines.tenant_id = positions.tenant_id
            and order_lines.article_number = positions.article_number
            and order_lines.article_size_number = positions.article_size_number
            and order_lines.branch_number = positions.branch_number
    inner join branches
        on
            order_lines.tenant_id = branches.tenant_id
            and order_lines.branch_number = branches.branch_number
    left join levels
        on
            order_lines.tenant_id = levels.tenant_id
            and order_lines.article_number = levels.article_number
            and order_lines.branch_number = levels.branch_number
    left join article_ends
        on
            order_lines.tenant_id = article_ends.tenant_id
            and order_lines.article_number = article_ends.article_number

)

-- The line that comes last is the first that is not needed.
select
    *,
    stock + sum(open_units) over (
        partition by tenant_id, article_number, article_size_number, branch_number
        order by
            case when confirmed_on is null then 1 else 0 end,
            arrives_on,
            order_position_id
        rows between unbounded preceding and current row
    ) as units_with_it,
    case
        when sells_until < horizon_ends_on then greatest(sells_until, as_of_date)
        else horizon_ends_on
    end as demand_until,
    -- Beyond the outlook no one knows, nor of what is new; what comes when nothing is sold any more needs no outlook.
    coalesce(sells_until < arrives_on or sells_until = as_of_date, false) as is_too_late_to_sell,
    coalesce(arrives_on <= horizon_ends_on, false)
    and horizon_days is not null
    and (is_reordered or not is_new) as is_judged
from ends
