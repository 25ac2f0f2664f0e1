{{ config(materialized='incremental') }}

with order_lines as (

    select * from {{ ref('purchase_order_line') }}
    where tenant_id = {{ tenant_id() }}

),

sized as (

    select * from {{ ref('int_order_positions_sized') }}
    where tenant_id = {{ tenant_id() }}

),

orders as (

    select * from {{ ref('purchase_order') }}
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

lines as (

    select
        orders.tenant_id,
        coalesce(orders.supplier_number, articles.supplier_number) as supplier_number,
        sized.order_id,
        sized.received_on,
        cast(sized.received_on - cast(orders.ordered_at as date) as integer) as lead_time_days,
        sized.delivered_units,
        case
            when sized.open_units > 0 then 0
            else coalesce(order_lines.ordered_units, 0)
        end as finished_units,
        case
            when sized.open_units > 0 and sized.expected_on < as_of.as_of_date then sized.open_units
            else 0
        end as overdue_units,
        coalesce(articles.is_nos, false) as is_nos
    from sized
    inner join order_lines
        on
            sized.tenant_id = order_lines.tenant_id
            and sized.order_position_id = order_lines.order_line_id
    inner join orders
        on
            sized.tenant_id = orders.tenant_id
            and sized.order_id = orders.order_id
    inner join as_of
        on sized.tenant_id = as_of.tenant_id
    left join articles
        on
            sized.tenant_id = articles.tenant_id
            and sized.article_number = articles.article_number

),

suppliers as (

    select
        tenant_id,
        supplier_number,
        sum(delivered_units) as delivered_units,
        sum(case when finished_units > 0 then least(delivered_units, finished_units) else 0 end)
            as filled_units,
        sum(finished_units) as finished_units,
        sum(overdue_units) as overdue_units
    from lines
    where supplier_number is not null
    group by tenant_id, supplier_number

),

-- The lines of an order that come together are one delivery and one observation. Seasonal goods are ordered
-- half a year ahead, which says nothing about how fast a reorder comes.
deliveries as (

    select distinct
        tenant_id,
        supplier_number,
        order_id,
        received_on,
        lead_time_days
    from lines
    where
        supplier_number is not null
        and delivered_units > 0
        and is_nos
        and lead_time_days >= 0

),

observed as (

    select
        tenant_id,
        supplier_number,
        count(*) as deliveries,
        avg(cast(lead_time_days as double)) as mean_days,
        coalesce(var_samp(cast(lead_time_days as double)), 0) as variance_days
    from deliveries
    group by tenant_id, supplier_number

),

pooled as (

    select
        tenant_id,
        sum(deliveries * mean_days) / sum(deliveries) as mean_days,
        case
            when sum(deliveries - 1) > 0 then sum((deliveries - 1) * variance_days) / sum(deliveries - 1)
            else 0
        end as variance_days
    from observed
    group by tenant_id

),

shrunk as (

    select
        suppliers.tenant_id,
        suppliers.supplier_number,
        coalesce(observed.deliveries, 0) as deliveries,
        observed.mean_days,
        case when observed.deliveries > 1 then sqrt(observed.variance_days) end as deviation_days,
        case
            when pooled.tenant_id is null then {{ var('default_lead_time_days') }}
            else (
                coalesce(observed.deliveries * observed.mean_days, 0)
                + {{ var('lead_time_prior_deliveries') }} * pooled.mean_days
            ) / (coalesce(observed.deliveries, 0) + {{ var('lead_time_prior_deliveries') }})
        end as lead_time_days,
        sqrt(
            case
                when pooled.tenant_id is null then 0
                else (
                    greatest(coalesce(observed.deliveries, 0) - 1, 0) * coalesce(observed.variance_days, 0)
                    + {{ var('lead_time_prior_deliveries') }} * pooled.variance_days
                ) / (
                    greatest(coalesce(observed.deliveries, 0) - 1, 0)
                    + {{ var('lead_time_prior_deliveries') }}
                )
            end
        ) as lead_time_deviation_days,
        suppliers.delivered_units,
        suppliers.filled_units,
        suppliers.finished_units,
        suppliers.overdue_units
    from suppliers
    left join observed
        on
            suppliers.tenant_id = observed.tenant_id
            and suppliers.supplier_number = observed.supplier_number
    left join pooled
        on suppliers.tenant_id = pooled.tenant_id

)

select
    tenant_id,
    supplier_number,
    deliveries,
    round(mean_days, 4) as observed_days,
    round(deviation_days, 4) as observed_deviation_days,
    round(cast(lead_time_days as double), 4) as lead_time_days,
    round(cast(lead_time_deviation_days as double), 4) as lead_time_deviation_days,
    cast(delivered_units as double) as delivered_units,
    case
        when finished_units > 0 then cast(filled_units as double) / cast(finished_units as double)
    end as fill_rate,
    cast(overdue_units as double) as overdue_units
from shrunk
