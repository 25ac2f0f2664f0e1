{{ config(materialized='incremental') }}

with days as (

    select * from {{ ref('int_stock_days') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- What was there before anything is known of is the same on every day.
closed as (

    select
        days.*,
        sum(days.first_stock) over (
            partition by days.tenant_id, days.article_number, days.article_size_number, days.branch_number
        ) + sum(
            days.units_received - days.units_sold + days.units_returned + days.units_corrected
            + days.units_counted
        ) over (
            partition by days.tenant_id, days.article_number, days.article_size_number, days.branch_number
            order by days.moved_on
            rows between unbounded preceding and current row
        ) as closing_stock,
        lead(days.moved_on, 1, {{ add_days('as_of.as_of_date', 1) }}) over (
            partition by days.tenant_id, days.article_number, days.article_size_number, days.branch_number
            order by days.moved_on
        ) as next_moved_on
    from days
    inner join as_of
        on days.tenant_id = as_of.tenant_id

)

select
    tenant_id,
    article_number,
    article_size_number,
    branch_number,
    moved_on,
    next_moved_on,
    cast(
        closing_stock - units_received + units_sold - units_returned
        - units_corrected - units_counted as double
    ) as opening_stock,
    cast(units_sold as double) as units_sold,
    cast(units_returned as double) as units_returned,
    cast(units_corrected as double) as units_corrected,
    cast(units_received as double) as units_received,
    cast(units_counted as double) as units_counted,
    cast(closing_stock as double) as closing_stock
from closed
