{% set looks = 12 -%}

with orders as (

    select * from {{ ref('int_orders_ranked') }}

),

bought_0 as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        priority,
        order_cost,
        budget,
        -- Whether a budget pays for what it is not known to cost stays null, in every look.
        case
            when budget is null then true
            when order_cost is not null then false
        end as is_within_budget
    from orders

),

-- Each look buys by priority until a line is dearer than what is left; the next look passes over it and goes on.
{% for look in range(1, looks + 1) -%}
left_{{ look }} as (

    select
        *,
        budget - sum(case when is_within_budget then order_cost else 0 end) over (partition by tenant_id)
            as budget_left
    from bought_{{ look - 1 }}

),

bought_{{ look }} as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        priority,
        order_cost,
        budget,
        is_within_budget
        or (
            order_cost <= budget_left
            and sum(
                case when not is_within_budget and order_cost <= budget_left then order_cost else 0 end
            ) over (
                partition by tenant_id
                order by priority
                rows between unbounded preceding and current row
            ) <= budget_left
        ) as is_within_budget
    from left_{{ look }}

){% if not loop.last %},

{% endif %}
{%- endfor %}

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    is_within_budget
from bought_{{ looks }}
