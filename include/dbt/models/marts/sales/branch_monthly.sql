{{ config(materialized='incremental') }}

with months as (

    select * from {{ ref('int_branch_months') }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

dated as (

    select
        months.*,
        cast({{ later_by('months.month_start', 'month', 1) }} as date) as next_month,
        cast({{ later_by('months.month_start', 'month', -12) }} as date) as month_last_year,
        min(months.first_sold_on) over (partition by months.tenant_id, months.branch_number) as opened_on,
        max(months.last_sold_on) over (partition by months.tenant_id, months.branch_number) as last_day,
        min(months.first_sold_on) over (partition by months.tenant_id) as history_begins_on,
        sum(months.new_customers + months.known_customers) over (partition by months.tenant_id) as customers,
        sum(months.staff_receipts) over (partition by months.tenant_id) as all_staff_receipts
    from months

),

-- A branch that opened, closed or stood still in one of the two months cannot be compared with itself.
noted as (

    select
        dated.*,
        last_year.revenue as revenue_last_year,
        dated.next_month <= as_of.as_of_date as is_month_over,
        case
            when dated.branch_number = 0 then 'no branch'
            when dated.next_month > as_of.as_of_date then 'month not over'
            when dated.opened_on > {{ add_days('dated.month_last_year', 6) }}
                then 'first sale on ' || cast(dated.opened_on as varchar)
            when dated.last_day < {{ add_days('dated.next_month', -7) }}
                then 'last sale on ' || cast(dated.last_day as varchar)
            when abs(dated.selling_days - coalesce(last_year.selling_days, 0)) > 6
                then
                    'sold on ' || cast(dated.selling_days as varchar)
                    || ' days, on ' || cast(coalesce(last_year.selling_days, 0) as varchar)
                    || ' a year before'
            when coalesce(last_year.revenue, 0) <= 0 then 'no revenue a year before'
        end as like_for_like_note,
        case
            when dated.customers = 0 then 'the source names no customers'
            when dated.month_start < {{ add_days('dated.history_begins_on', 364) }}
                then 'history begins on ' || cast(dated.history_begins_on as varchar)
        end as customer_note,
        dated.all_staff_receipts > 0 as names_staff,
        {{ staff_note('dated') }} as staff_note
    from dated
    inner join as_of
        on dated.tenant_id = as_of.tenant_id
    left join dated as last_year
        on
            dated.tenant_id = last_year.tenant_id
            and dated.branch_number = last_year.branch_number
            and dated.month_last_year = last_year.month_start

)

select
    noted.tenant_id,
    noted.month_start,
    noted.branch_number,
    coalesce(branches.branch_name, 'No branch') as branch_name,
    noted.is_month_over,
    noted.selling_days,
    cast(noted.units as decimal(18, 2)) as units,
    cast(noted.gross_units as decimal(18, 2)) as gross_units,
    cast(noted.gross_units - noted.units as decimal(18, 2)) as returned_units,
    cast(noted.revenue as decimal(18, 2)) as revenue,
    cast(noted.revenue_net as decimal(18, 2)) as revenue_net,
    noted.receipts,
    case when noted.receipts > 0 then round(cast(noted.gross_units as double) / noted.receipts, 6) end
        as units_per_receipt,
    case when noted.receipts > 0 then cast(round(noted.revenue / noted.receipts, 2) as decimal(18, 2)) end
        as revenue_per_receipt,
    cast(noted.revenue_last_year as decimal(18, 2)) as revenue_last_year,
    case
        when noted.like_for_like_note is null
            then round(cast(noted.revenue as double) / cast(noted.revenue_last_year as double) - 1, 6)
    end as like_for_like,
    noted.like_for_like_note,
    {%- for column in ['new_customers', 'known_customers', 'new_receipts', 'known_receipts'] %}
    case when noted.customer_note is null then noted.{{ column }} end as {{ column }},
    {%- endfor %}
    {%- for column in ['new_revenue', 'known_revenue'] %}
    cast(case when noted.customer_note is null then noted.{{ column }} end as decimal(18, 2)) as {{ column }},
    {%- endfor %}
    noted.customer_note,
    noted.anonymous_receipts,
    cast(noted.anonymous_revenue as decimal(18, 2)) as anonymous_revenue,
    case when noted.customers > 0 then {{ share_of('noted.anonymous_receipts', 'noted.receipts') }} end
        as anonymous_share,
    case when noted.names_staff then noted.staff_receipts end as staff_receipts,
    cast(case when noted.names_staff then noted.staff_revenue end as decimal(18, 2)) as staff_revenue,
    case when noted.names_staff then {{ share_of('noted.staff_revenue', 'noted.revenue') }} end
        as staff_share,
    noted.staff_note
from noted
left join branches
    on
        noted.tenant_id = branches.tenant_id
        and noted.branch_number = branches.branch_number
