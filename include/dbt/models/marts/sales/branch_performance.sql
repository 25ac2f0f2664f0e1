{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('fct_sales') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select
        runs.tenant_id,
        {{ year_begins_on('runs') }} as first_day,
        {{ add_days(year_begins_on('runs'), '-7 * ' ~ var('year_weeks')) }} as first_day_before,
        {{ year_ends_before('runs') }} as day_after
    from {{ ref('int_tenant_as_of') }} as runs
    where runs.tenant_id = {{ tenant_id() }}

),

-- The year ends with the last complete week; the year before it has as many days of each weekday.
dated as (

    select
        sales.tenant_id,
        coalesce(sales.branch_number, 0) as branch_number,
        cast(sales.sold_on as varchar) || '/' || cast(sales.receipt_number as varchar) as receipt,
        sales.sold_on,
        sales.units,
        sales.revenue,
        sales.revenue_net,
        sales.margin,
        sales.margin_note,
        sales.sold_on >= as_of.first_day as is_this_year,
        sales.sold_on >= as_of.first_day_before and sales.sold_on < as_of.first_day as is_year_before,
        as_of.first_day,
        as_of.first_day_before,
        as_of.day_after
    from sales
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where sales.sold_on < as_of.day_after

),

-- A branch that did not trade through both years, but for a week of closed days, cannot be compared with itself.
summed as (

    select
        tenant_id,
        branch_number,
        sum(case when is_this_year then revenue else 0 end) as revenue,
        sum(case when is_year_before then revenue else 0 end) as revenue_before,
        sum(case when is_this_year then revenue_net end) as revenue_net,
        {{ priced_revenue('is_this_year') }} as priced_revenue,
        {{ margin_of('is_this_year') }} as margin,
        {{ margin_note_of('is_this_year') }} as margin_note,
        sum(case when is_this_year then units else 0 end) as units,
        sum(case when is_this_year and units < 0 then -units else 0 end) as returned_units,
        sum(case when is_this_year and units > 0 then units else 0 end) as gross_units,
        count(distinct case when is_this_year and units > 0 then receipt end) as receipts,
        case
            when min(sold_on) > {{ add_days('min(first_day_before)', 6) }}
                then 'first sale on ' || cast(min(sold_on) as varchar)
            when max(sold_on) < {{ add_days('min(day_after)', -7) }}
                then 'last sale on ' || cast(max(sold_on) as varchar)
        end as growth_note
    from dated
    group by tenant_id, branch_number
    having max(sold_on) >= min(first_day_before)

)

select
    summed.tenant_id,
    summed.branch_number,
    coalesce(branches.branch_name, 'No branch') as branch_name,
    cast(summed.revenue as decimal(18, 2)) as revenue,
    cast(summed.revenue_before as decimal(18, 2)) as revenue_before,
    case
        when summed.growth_note is null and summed.revenue_before > 0
            then round(cast(summed.revenue as double) / cast(summed.revenue_before as double) - 1, 6)
    end as growth,
    case
        when summed.growth_note is not null then summed.growth_note
        when summed.revenue_before <= 0 then 'no revenue in the year before'
    end as growth_note,
    cast(summed.margin as decimal(18, 2)) as margin,
    {{ margin_rate('summed.margin', 'summed.priced_revenue') }} as margin_rate,
    cast(summed.units as decimal(18, 2)) as units,
    case
        when summed.gross_units > 0
            then round(cast(summed.returned_units as double) / cast(summed.gross_units as double), 6)
    end as return_rate,
    summed.receipts,
    case
        when summed.receipts > 0 then cast(round(summed.revenue / summed.receipts, 2) as decimal(18, 2))
    end as revenue_per_receipt,
    cast(summed.revenue_net as decimal(18, 2)) as revenue_net,
    summed.margin_note
from summed
left join branches
    on
        summed.tenant_id = branches.tenant_id
        and summed.branch_number = branches.branch_number
