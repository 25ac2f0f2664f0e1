{{ config(materialized='incremental') }}

with lines as (

    select * from {{ ref('int_supplier_order_lines') }}

),

observed as (

    select * from {{ ref('int_supplier_deliveries') }}

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
    cast(delivered_units as double) as units_received,
    case
        when finished_units > 0 then cast(filled_units as double) / cast(finished_units as double)
    end as delivered_share,
    cast(overdue_units as double) as overdue_units
from shrunk
