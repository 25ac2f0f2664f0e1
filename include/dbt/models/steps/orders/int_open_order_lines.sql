with lines as (

    select * from {{ ref('int_order_positions_sized') }}
    where
        tenant_id = {{ tenant_id() }}
        and open_units > 0

),

policies as (

    select * from {{ ref('replenishment_policy') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

open_days as (

    select * from {{ ref('int_open_days') }}

),

-- A line without a day is due as long after its order as its supplier takes.
due as (

    select
        lines.tenant_id,
        lines.order_position_id,
        lines.order_id,
        lines.article_number,
        lines.article_size_number,
        lines.branch_number,
        lines.open_units,
        lines.expected_on,
        lines.is_without_header,
        coalesce(
            lines.expected_on,
            {{ add_days('lines.ordered_on', 'ceil(policies.lead_time_days)') }},
            as_of.as_of_date
        ) as due_on,
        as_of.as_of_date,
        {{ add_days('as_of.as_of_date', '-ceil(policies.lead_time_days)') }} as plausible_from,
        {{ add_days('as_of.as_of_date', 'floor(policies.lead_time_days)') }} as lead_time_ends_on,
        {{ add_days('as_of.as_of_date', 'ceil(policies.lead_time_days + policies.review_days)') }}
            as protected_until,
        {{ add_days(
            'as_of.as_of_date',
            'ceil(policies.lead_time_days + policies.review_days) + policies.expedite_by_days'
        ) }} as in_reach_until
    from lines
    inner join policies
        on
            lines.tenant_id = policies.tenant_id
            and lines.article_number = policies.article_number
    inner join as_of
        on lines.tenant_id = as_of.tenant_id

)

-- What is late by more than a lead time would have come from an order made on that day: it is no supply until the
-- supplier confirms it. What comes after an order of the next review could is no reason not to order today, unless the
-- supplier can deliver it so much earlier that it comes in time: then it is asked for, and not ordered again.
select
    due.*,
    case
        when due.due_on < due.plausible_from then 'unconfirmed'
        when due.due_on <= due.lead_time_ends_on then 'in lead time'
        when due.due_on <= due.protected_until then 'in time'
        when due.due_on <= due.in_reach_until then 'if expedited'
        else 'later'
    end as supply,
    coalesce(open_days.next_open_on, greatest(due.due_on, due.as_of_date)) as arrives_on
from due
left join open_days
    on
        due.tenant_id = open_days.tenant_id
        and greatest(due.due_on, due.as_of_date) = open_days.date_day
