{{ config(materialized='incremental') }}

with lines as (

    select * from {{ ref('purchase_order_line') }}
    where tenant_id = {{ tenant_id() }}

),

orders as (

    select * from {{ ref('purchase_order') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('article_size') }}
    where tenant_id = {{ tenant_id() }}

),

numbers as (

    select * from {{ ref('int_article_sizes_numbered') }}
    where tenant_id = {{ tenant_id() }}

),

as_of as (

    select * from {{ ref('int_tenant_as_of') }}
    where tenant_id = {{ tenant_id() }}

),

-- One number per name of a size, so that a name used twice cannot count an order line twice.
sizes as (

    select
        tenant_id,
        article_number,
        size,
        min(article_size_number) as article_size_number
    from article_sizes
    group by tenant_id, article_number, size

),

sized as (

    select
        lines.tenant_id,
        lines.order_line_id as order_position_id,
        lines.order_id,
        lines.article_number,
        lines.branch_number,
        coalesce(numbers.article_size_number, sizes.article_size_number, 0) as article_size_number,
        lines.size,
        coalesce(lines.delivered_units, 0) as delivered_units,
        case when lines.is_cancelled then 0 else lines.open_units end as open_units,
        orders.tenant_id is null as is_without_header,
        cast(orders.ordered_at as date) as ordered_on,
        lines.expected_on,
        lines.last_changed_at,
        -- Goods that are here cannot have come later than today, nor on no day at all.
        least(
            coalesce(
                lines.expected_on,
                cast(lines.last_changed_at as date),
                cast(orders.ordered_at as date),
                as_of.as_of_date
            ),
            as_of.as_of_date
        ) as received_on
    from lines
    left join orders
        on
            lines.tenant_id = orders.tenant_id
            and lines.order_id = orders.order_id
    inner join as_of
        on lines.tenant_id = as_of.tenant_id
    left join numbers
        on
            lines.tenant_id = numbers.tenant_id
            and lines.article_number = numbers.article_number
            and try_cast(lines.ean as bigint) = numbers.scanned_number
    left join sizes
        on
            lines.tenant_id = sizes.tenant_id
            and lines.article_number = sizes.article_number
            and lines.size is not distinct from sizes.size
    where
        lines.article_number is not null
        and lines.branch_number is not null

)

select * from sized
