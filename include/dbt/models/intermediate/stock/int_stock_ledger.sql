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
        *,
        sum(first_stock) over (
            partition by tenant_id, article_number, article_size_number, branch_number
        ) + sum(units_received - units_sold + units_returned + units_corrected + units_counted) over (
            partition by tenant_id, article_number, article_size_number, branch_number
            order by moved_on
            rows between unbounded preceding and current row
        ) as closing_stock
    from days

)

select
    closed.tenant_id,
    closed.article_number,
    closed.article_size_number,
    closed.branch_number,
    closed.moved_on,
    lead(closed.moved_on, 1, {{ add_days('as_of.as_of_date', 1) }}) over (
        partition by
            closed.tenant_id,
            closed.article_number,
            closed.article_size_number,
            closed.branch_number
        order by closed.moved_on
    ) as next_moved_on,
    cast(
        closed.closing_stock - closed.units_received + closed.units_sold - closed.units_returned
        - closed.units_corrected - closed.units_counted as double
    ) as opening_stock,
    cast(closed.units_sold as double) as units_sold,
    cast(closed.units_returned as double) as units_returned,
    cast(closed.units_corrected as double) as units_corrected,
    cast(closed.units_received as double) as units_received,
    cast(closed.units_counted as double) as units_counted,
    cast(closed.closing_stock as double) as closing_stock
from closed
inner join as_of
    on closed.tenant_id = as_of.tenant_id
