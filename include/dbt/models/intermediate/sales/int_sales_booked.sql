{{ config(materialized='ephemeral') }}

with sales as (

    select * from {{ ref('int_sales_classified') }}
    where tenant_id = {{ tenant_id() }}

),

deleted as (

    select * from {{ ref('deleted_receipt_line') }}
    where tenant_id = {{ tenant_id() }}

),

tenants as (

    select * from {{ ref('stg_mercurios__tenants') }}
    where tenant_id = {{ tenant_id() }}

),

lines as (

    select
        tenant_id,
        article_number,
        branch_number,
        scanned_number,
        units,
        sold_on,
        sold_at,
        last_changed_at,
        cast(null as timestamp) as deleted_at,
        line_kind
    from sales
    -- A service moves no stock.
    where article_kind in {{ goods_kinds() }}
    union all
    select
        tenant_id,
        article_number,
        branch_number,
        scanned_number,
        units,
        sold_on,
        sold_at,
        cast(null as timestamp) as last_changed_at,
        deleted_at,
        cast(null as varchar) as line_kind
    from deleted

),

-- A tenant whose row is missing is read as one whose clocks show UTC.
timed as (

    select
        lines.*,
        coalesce(tenants.time_zone, 'UTC') as time_zone,
        {{ utc_of('lines.sold_at', "coalesce(tenants.time_zone, 'UTC')") }} as sold_at_utc
    from lines
    left join tenants
        on lines.tenant_id = tenants.tenant_id
    where
        lines.article_number is not null
        and lines.branch_number is not null

),

booked as (

    select
        tenant_id,
        article_number,
        branch_number,
        scanned_number,
        sold_on as moved_on,
        {{ booked_at('sold_at_utc', 'last_changed_at', 6) }} as moved_at,
        units,
        line_kind
    from timed
    union all
    select
        tenant_id,
        article_number,
        branch_number,
        scanned_number,
        greatest({{ local_day('deleted_at', 'time_zone') }}, sold_on) as moved_on,
        greatest(deleted_at, sold_at_utc) as moved_at,
        -units as units,
        line_kind
    from timed
    where deleted_at is not null

)

select * from booked
