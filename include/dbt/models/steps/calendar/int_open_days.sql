with days as (

    select * from {{ ref('dim_date') }}
    where tenant_id = {{ tenant_id() }}

)

-- Before the first open day, after the last one, and for a retailer whose open days are not known, a day is itself.
select
    tenant_id,
    date_day,
    coalesce(
        min(case when is_open_day then date_day end) over (
            partition by tenant_id
            order by date_day
            rows between current row and unbounded following
        ), date_day
    ) as next_open_on,
    coalesce(
        max(case when is_open_day then date_day end) over (
            partition by tenant_id
            order by date_day
            rows between unbounded preceding and current row
        ), date_day
    ) as last_open_on
from days
