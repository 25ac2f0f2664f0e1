{{ config(materialized='incremental') }}

with sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

public_holidays as (

    select * from {{ ref('stg_mercurios__public_holidays') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

days_back as (

    {{ integers(var('max_days')) }}

),

open_weekdays as (

    select * from {{ ref('int_open_weekdays') }}

),

holidays as (

    select
        tenant_id,
        holiday_on,
        min(holiday_name) as holiday_name
    from public_holidays
    group by tenant_id, holiday_on

),

bounds as (

    select
        as_of.tenant_id,
        as_of.as_of_date,
        {{ week_start('coalesce(min(sales.sold_on), as_of.as_of_date)') }} as first_day,
        {{ add_days('as_of.as_of_date', var('calendar_days_ahead')) }} as last_day
    from as_of
    left join sales
        on as_of.tenant_id = sales.tenant_id
    group by as_of.tenant_id, as_of.as_of_date

),

days as (

    select
        bounds.tenant_id,
        {{ add_days('bounds.last_day', '-days_back.n') }} as date_day
    from bounds
    inner join days_back
        on days_back.n <= bounds.last_day - bounds.first_day

)

select
    days.tenant_id,
    days.date_day,
    {{ week_start('days.date_day') }} as week_start,
    cast({{ iso_week('days.date_day') }} as integer) as iso_week,
    cast({{ iso_year('days.date_day') }} as integer) as iso_year,
    cast({{ iso_weekday('days.date_day') }} as integer) as iso_weekday,
    cast(date_trunc('month', days.date_day) as date) as month_start,
    cast(extract(quarter from days.date_day) as integer) as quarter_number,
    cast(extract(year from days.date_day) as integer) as year_number,
    {{ iso_weekday('days.date_day') }} >= 6 as is_weekend,
    holidays.holiday_on is not null as is_public_holiday,
    holidays.holiday_name,
    open_weekdays.iso_weekday is not null
    and (holidays.holiday_on is null or open_weekdays.is_webshop) as is_open_day
from days
left join holidays
    on
        days.tenant_id = holidays.tenant_id
        and days.date_day = holidays.holiday_on
left join open_weekdays
    on
        days.tenant_id = open_weekdays.tenant_id
        and {{ iso_weekday('days.date_day') }} = open_weekdays.iso_weekday
