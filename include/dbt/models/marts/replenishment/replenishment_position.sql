{{ config(materialized='incremental') }}

{% set stocks = [
    ('days_of_free_stock', 'secured.free_stock'),
    ('days_of_available', 'secured.available'),
    ('days_to_safety_stock', '(secured.available - secured.safety_stock)'),
] -%}

with positions as (

    select * from {{ ref('inventory_position') }}
    where tenant_id = {{ tenant_id() }}

),

levels as (

    select * from {{ ref('replenishment_level') }}
    where tenant_id = {{ tenant_id() }}

),

outlook as (

    select * from {{ ref('demand_outlook') }}
    where tenant_id = {{ tenant_id() }}

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

curves as (

    select * from {{ ref('size_curve') }}
    where tenant_id = {{ tenant_id() }}

),

sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

margins as (

    select
        sales.tenant_id,
        sales.article_number,
        sum(sales.units) as units,
        sum(sales.margin) as margin
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where sales.sold_on >= {{ add_days('as_of.as_of_date', -365) }}
    group by sales.tenant_id, sales.article_number

),

-- Prices may hold a tax that is not the retailer's, so what a unit earned in the last year comes first.
prices as (

    select
        articles.tenant_id,
        articles.article_number,
        cast(coalesce(articles.purchase_price, 0) as double) as unit_cost,
        cast(
            greatest(
                case
                    when margins.units > 0 then margins.margin / margins.units
                    else coalesce(articles.sale_price, 0) - coalesce(articles.purchase_price, 0)
                end, 0
            ) as double
        ) as unit_margin
    from articles
    left join margins
        on
            articles.tenant_id = margins.tenant_id
            and articles.article_number = margins.article_number

),

-- What was sold or delivered for the first time a few weeks ago, or is only on order yet.
new_articles as (

    select
        articles.tenant_id,
        articles.article_number,
        coalesce(articles.first_sold_on, articles.first_received_on) as first_seen_on,
        coalesce(
            coalesce(articles.first_sold_on, articles.first_received_on)
            > {{ add_days('as_of.as_of_date', '-7 * ' ~ var('new_weeks')) }},
            true
        ) as is_new
    from articles
    inner join as_of
        on articles.tenant_id = as_of.tenant_id

),

carrying as (

    select
        tenant_id,
        article_number,
        branch_number,
        sum(available) as available
    from positions
    group by tenant_id, article_number, branch_number

),

-- Demand of a size is drawn from the article's: its variance is that of its share and that of the draw.
shared as (

    select
        positions.tenant_id,
        positions.article_number,
        positions.article_size_number,
        positions.branch_number,
        cast(positions.free_stock as double) as free_stock,
        cast(positions.on_order as double) as on_order,
        cast(positions.available as double) as available,
        positions.next_arrival_on,
        policies.is_reordered,
        new_articles.is_new
        and (new_articles.first_seen_on is not null or positions.free_stock <= 0) as is_new,
        policies.service_level,
        policies.lead_time_days,
        policies.review_days,
        policies.order_cycle_days,
        policies.display_units,
        coalesce(levels.demand_source, 'none') as demand_source,
        coalesce(curves.size_share, 0) as size_share,
        coalesce(levels.horizon_days, 0) as horizon_days,
        coalesce(levels.horizon_mean * curves.size_share, 0) as horizon_units,
        coalesce(levels.daily_units_after_horizon * curves.size_share, 0) as daily_units_after_horizon,
        coalesce(levels.lead_mean * curves.size_share, 0) as lead_units,
        coalesce(levels.protection_mean * curves.size_share, 0) as protection_units,
        coalesce(levels.protection_mean * curves.size_share / levels.protection_days, 0) as daily_units,
        coalesce(sqrt(
            power(curves.size_share * levels.horizon_spread, 2)
            + curves.size_share
            * (1 - curves.size_share)
            * power(levels.service_factor, 2)
            * levels.horizon_mean
        ), 0) as horizon_spread,
        coalesce(sqrt(
            power(curves.size_share * levels.protection_spread, 2)
            + curves.size_share
            * (1 - curves.size_share)
            * power(levels.service_factor, 2)
            * levels.protection_mean
        ), 0) as protection_spread,
        coalesce(sqrt(
            power(curves.size_share * levels.protection_deviation, 2)
            + curves.size_share * (1 - curves.size_share) * levels.protection_mean
        ), 0) as protection_deviation,
        curves.size_share > 0 and (coalesce(levels.protection_mean, 0) > 0 or carrying.available > 0)
            as is_carried,
        prices.unit_cost,
        prices.unit_margin
    from positions
    inner join policies
        on
            positions.tenant_id = policies.tenant_id
            and positions.article_number = policies.article_number
    inner join prices
        on
            positions.tenant_id = prices.tenant_id
            and positions.article_number = prices.article_number
    inner join new_articles
        on
            positions.tenant_id = new_articles.tenant_id
            and positions.article_number = new_articles.article_number
    inner join carrying
        on
            positions.tenant_id = carrying.tenant_id
            and positions.article_number = carrying.article_number
            and positions.branch_number = carrying.branch_number
    left join levels
        on
            positions.tenant_id = levels.tenant_id
            and positions.article_number = levels.article_number
            and positions.branch_number = levels.branch_number
    left join curves
        on
            positions.tenant_id = curves.tenant_id
            and positions.article_number = curves.article_number
            and positions.article_size_number = curves.article_size_number

),

levelled as (

    select
        *,
        case
            when not is_reordered then 0
            when coalesce(is_carried, false)
                then greatest(round(protection_units + protection_spread, 0), display_units)
            else round(protection_units + protection_spread, 0)
        end as reorder_point,
        case
            when not is_reordered then 0
            when coalesce(is_carried, false)
                then greatest(
                    round(protection_units + protection_spread + daily_units * order_cycle_days, 0),
                    display_units
                )
            else round(protection_units + protection_spread + daily_units * order_cycle_days, 0)
        end as order_up_to
    from shared

),

secured as (

    select
        *,
        greatest(reorder_point - protection_units, 0) as safety_stock,
        case
            when is_reordered then order_up_to
            when is_new then greatest(round(horizon_units + horizon_spread, 0), available)
            else round(horizon_units + horizon_spread, 0)
        end as target_units
    from levelled

),

path as (

    select
        tenant_id,
        article_number,
        branch_number,
        first_day,
        mean_units / 7 as daily_mean,
        coalesce(sum(mean_units * day_count / 7) over (
            partition by tenant_id, article_number, branch_number
            order by first_day
            rows between unbounded preceding and 1 preceding
        ), 0) as mean_before,
        sum(mean_units * day_count / 7) over (
            partition by tenant_id, article_number, branch_number
            order by first_day
            rows between unbounded preceding and current row
        ) as mean_after
    from outlook
    where mean_units > 0

),

-- The week whose expected demand uses up the stock, and the day within it.
used_up as (

    select
        secured.tenant_id,
        secured.article_number,
        secured.article_size_number,
        secured.branch_number,
        {% for name, stock in stocks -%}
        max(case
            when
                {{ stock }} >= path.mean_before * secured.size_share
                and {{ stock }} < path.mean_after * secured.size_share
                then path.first_day + ({{ stock }} / secured.size_share - path.mean_before) / path.daily_mean
        end) as {{ name }} {%- if not loop.last %},
        {% endif %}
        {%- endfor %}
    from secured
    inner join path
        on
            secured.tenant_id = path.tenant_id
            and secured.article_number = path.article_number
            and secured.branch_number = path.branch_number
    where secured.size_share > 0
    group by
        secured.tenant_id,
        secured.article_number,
        secured.article_size_number,
        secured.branch_number

),

-- Stock beyond the forecast lasts at the pace of its end; ten years are as good as for ever.
lasting as (

    select
        secured.*,
        {% for name, stock in stocks -%}
        least(greatest(
            case
                when {{ stock }} <= 0 then 0
                when used_up.{{ name }} is not null then used_up.{{ name }}
                when secured.daily_units_after_horizon > 0
                    then
                        secured.horizon_days
                        + ({{ stock }} - secured.horizon_units) / secured.daily_units_after_horizon
                else 3650
            end, 0
        ), 3650) as {{ name }} {%- if not loop.last %},
        {% endif %}
        {%- endfor %}
    from secured
    left join used_up
        on
            secured.tenant_id = used_up.tenant_id
            and secured.article_number = used_up.article_number
            and secured.article_size_number = used_up.article_size_number
            and secured.branch_number = used_up.branch_number

),

-- An order that comes in time lets the stock last as long as both together.
supplied as (

    select
        lasting.*,
        case
            when
                lasting.next_arrival_on
                <= {{ add_days('as_of.as_of_date', 'floor(lasting.days_of_free_stock)') }}
                then lasting.days_of_available
            else lasting.days_of_free_stock
        end as days_to_stock_out
    from lasting
    inner join as_of
        on lasting.tenant_id = as_of.tenant_id

)

select
    supplied.tenant_id,
    supplied.article_number,
    supplied.article_size_number,
    supplied.branch_number,
    supplied.is_reordered,
    supplied.is_new,
    supplied.demand_source,
    supplied.free_stock,
    supplied.on_order,
    supplied.available,
    supplied.size_share,
    round(supplied.daily_units, 6) as daily_units,
    round(supplied.lead_units, 6) as lead_units,
    round(supplied.protection_units, 6) as protection_units,
    round(supplied.protection_deviation, 6) as protection_deviation,
    round(supplied.horizon_units, 6) as horizon_units,
    round(supplied.safety_stock, 6) as safety_stock,
    supplied.reorder_point,
    supplied.order_up_to,
    supplied.target_units,
    case
        when supplied.horizon_units > 0 then round(supplied.days_of_free_stock, 4)
    end as days_of_supply,
    case
        when supplied.horizon_units > 0
            then {{ add_days('as_of.as_of_date', 'floor(supplied.days_to_stock_out)') }}
    end as stock_out_on,
    case
        when supplied.is_reordered and supplied.horizon_units > 0
            then {{ add_days(
                'as_of.as_of_date', 'floor(greatest(supplied.days_to_safety_stock - supplied.lead_time_days, 0))'
            ) }}
    end as order_by_on,
    supplied.is_reordered
    and supplied.horizon_units > 0
    and supplied.days_to_stock_out < supplied.lead_time_days as is_late,
    supplied.unit_cost,
    round(supplied.unit_margin, 4) as unit_margin
from supplied
inner join as_of
    on supplied.tenant_id = as_of.tenant_id
