with policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

open_days as (

    select * from {{ ref('int_open_days') }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

due as (

    select
        policies.tenant_id,
        policies.article_number,
        as_of.as_of_date,
        {{ add_days('as_of.as_of_date', 'ceil(policies.lead_time_days)') }} as due_on,
        {{ add_days('as_of.as_of_date', 'ceil(policies.lead_time_days + policies.review_days)') }}
            as protected_until,
        {{ add_days('as_of.as_of_date', 'ceil(policies.review_days) + 1') }} as reviewed_on
    from policies
    inner join as_of
        on policies.tenant_id = as_of.tenant_id

)

select
    due.tenant_id,
    due.article_number,
    due.as_of_date,
    coalesce(open_days.next_open_on, due.due_on) as arrives_on,
    due.protected_until,
    due.reviewed_on
from due
left join open_days
    on
        due.tenant_id = open_days.tenant_id
        and due.due_on = open_days.date_day
