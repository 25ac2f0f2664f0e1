with sales as (

    select * from {{ ref('int_sales_netted') }}
    where tenant_id = {{ tenant_id() }}

),

branches as (

    select * from {{ ref('dim_branch') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- Opening hours are free text and mostly empty, so whether a weekday is a selling day is read from the receipts.
selling_days as (

    select distinct
        sales.tenant_id,
        branches.is_webshop,
        sales.sold_on,
        {{ iso_weekday('sales.sold_on') }} as iso_weekday
    from sales
    inner join branches
        on
            sales.tenant_id = branches.tenant_id
            and sales.branch_number = branches.branch_number
    inner join as_of
        on sales.tenant_id = as_of.tenant_id
    where
        sales.sold_on < as_of.as_of_date
        and sales.sold_on >= {{ add_days('as_of.as_of_date', '-7 * ' ~ var('open_day_weeks')) }}

),

weekdays as (

    select
        tenant_id,
        is_webshop,
        iso_weekday
    from selling_days
    group by tenant_id, is_webshop, iso_weekday
    having 2 * count(*) >= {{ var('open_day_weeks') }}

),

retailers_with_shops as (

    select distinct tenant_id
    from weekdays
    where not is_webshop

)

-- A retailer without shops is open when its web shop sells.
select
    weekdays.tenant_id,
    weekdays.iso_weekday,
    weekdays.is_webshop
from weekdays
left join retailers_with_shops
    on weekdays.tenant_id = retailers_with_shops.tenant_id
where
    not weekdays.is_webshop
    or retailers_with_shops.tenant_id is null
