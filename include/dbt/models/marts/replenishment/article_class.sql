{{ config(materialized='incremental') }}

with articles as (

    select * from {{ ref('dim_article') }}
    where tenant_id = {{ tenant_id() }}

),

measured as (

    select * from {{ ref('int_article_demand') }}

),

valued as (

    select
        articles.tenant_id,
        articles.article_number,
        cast(greatest(coalesce(measured.revenue, 0), 0) as double) as revenue,
        coalesce(measured.weeks, 0) as weeks,
        coalesce(measured.weeks_sold, 0) as weeks_sold,
        case
            when measured.mean_units > 0 then measured.deviation_units / measured.mean_units
        end as variation,
        case
            when measured.weeks_sold > 0
                then cast(measured.weeks as double) / cast(measured.weeks_sold as double)
        end as demand_interval,
        case
            when measured.mean_size > 0
                then power(measured.deviation_size / measured.mean_size, 2)
        end as size_variation
    from articles
    left join measured
        on
            articles.tenant_id = measured.tenant_id
            and articles.article_number = measured.article_number

),

shared as (

    select
        *,
        sum(revenue) over (partition by tenant_id) as total_revenue,
        sum(revenue) over (
            partition by tenant_id
            order by revenue desc, article_number asc
            rows between unbounded preceding and current row
        ) as running_revenue
    from valued

)

select
    tenant_id,
    article_number,
    cast(revenue as decimal(18, 2)) as revenue,
    case when total_revenue > 0 then revenue / total_revenue else 0 end as revenue_share,
    case
        when revenue <= 0 then 'C'
        when (running_revenue - revenue) / total_revenue < {{ var('class_a_share') }} then 'A'
        when (running_revenue - revenue) / total_revenue < {{ var('class_b_share') }} then 'B'
        else 'C'
    end as value_class,
    cast(weeks as bigint) as weeks_measured,
    -- Deviations differ in their last digits from engine to engine; rounded twice, a tie goes one way on all of them.
    round(round(variation, 9), 4) as variation,
    case
        when variation <= {{ var('class_x_variation') }} then 'X'
        when variation <= {{ var('class_y_variation') }} then 'Y'
        else 'Z'
    end as variability_class,
    round(demand_interval, 4) as demand_interval,
    round(round(size_variation, 9), 4) as size_variation,
    case
        when weeks_sold = 0 then 'none'
        when demand_interval < 1.32 and size_variation < 0.49 then 'smooth'
        when demand_interval < 1.32 then 'erratic'
        when size_variation < 0.49 then 'intermittent'
        else 'lumpy'
    end as demand_class
from shared
