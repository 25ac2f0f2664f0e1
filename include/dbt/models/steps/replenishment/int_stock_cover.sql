{% set stocks = [
    ('days_of_free_stock', 'levels.free_stock'),
    ('days_of_available', 'levels.available'),
    ('days_to_safety_stock', '(levels.available - levels.safety_stock)'),
] -%}

with levels as (

    select * from {{ ref('int_size_levels') }}

),

path as (

    select * from {{ ref('int_demand_path') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- The week whose expected demand uses up the stock, and the day within it.
used_up as (

    select
        levels.tenant_id,
        levels.article_number,
        levels.article_size_number,
        levels.branch_number,
        {% for name, stock in stocks -%}
        max(case
            when
                {{ stock }} >= path.mean_before * levels.size_share
                and {{ stock }} < path.mean_after * levels.size_share
                then path.first_day + ({{ stock }} / levels.size_share - path.mean_before) / path.daily_mean
        end) as {{ name }} {%- if not loop.last %},
        {% endif %}
        {%- endfor %}
    from levels
    inner join path
        on
            levels.tenant_id = path.tenant_id
            and levels.article_number = path.article_number
            and levels.branch_number = path.branch_number
    where levels.size_share > 0
    group by
        levels.tenant_id,
        levels.article_number,
        levels.article_size_number,
        levels.branch_number

),

-- Stock beyond the forecast lasts at the pace of its end; ten years are as good as for ever.
lasting as (

    select
        levels.*,
        {% for name, stock in stocks -%}
        least(greatest(
            case
                when {{ stock }} <= 0 then 0
                when used_up.{{ name }} is not null then used_up.{{ name }}
                when levels.daily_units_after_horizon > 0
                    then
                        levels.horizon_days
                        + ({{ stock }} - levels.horizon_units) / levels.daily_units_after_horizon
                else 3650
            end, 0
        ), 3650) as {{ name }} {%- if not loop.last %},
        {% endif %}
        {%- endfor %}
    from levels
    left join used_up
        on
            levels.tenant_id = used_up.tenant_id
            and levels.article_number = used_up.article_number
            and levels.article_size_number = used_up.article_size_number
            and levels.branch_number = used_up.branch_number

)

-- An order that comes in time lets the stock last as long as both together.
select
    lasting.tenant_id,
    lasting.article_number,
    lasting.article_size_number,
    lasting.branch_number,
    lasting.days_of_free_stock,
    lasting.days_to_safety_stock,
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
