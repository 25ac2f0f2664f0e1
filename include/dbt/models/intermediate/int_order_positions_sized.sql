{{ config(materialized='incremental') }}

with positions as (

    select * from {{ ref('stg_prohandel__purchase_order_positions') }}
    where tenant_id = {{ tenant_id() }}

),

orders as (

    select * from {{ ref('stg_prohandel__purchase_orders') }}
    where tenant_id = {{ tenant_id() }}

),

article_sizes as (

    select * from {{ ref('stg_prohandel__article_sizes') }}
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
        positions.tenant_id,
        positions.order_position_id,
        positions.order_id,
        positions.article_number,
        positions.branch_number,
        coalesce(numbers.article_size_number, sizes.article_size_number, 0) as article_size_number,
        positions.size,
        coalesce(positions.delivered_units, 0) as delivered_units,
        case
            when positions.backlog_units > 0 and not positions.is_closed then positions.backlog_units
            else 0
        end as open_units,
        positions.expected_on,
        -- Goods that are here cannot have come later than today, nor on no day at all.
        least(
            coalesce(
                positions.expected_on,
                cast(positions.last_changed_at as date),
                cast(orders.ordered_at as date),
                as_of.as_of_date
            ),
            as_of.as_of_date
        ) as received_on
    from positions
    inner join orders
        on
            positions.tenant_id = orders.tenant_id
            and positions.order_id = orders.order_id
    inner join as_of
        on positions.tenant_id = as_of.tenant_id
    left join numbers
        on
            positions.tenant_id = numbers.tenant_id
            and positions.article_number = numbers.article_number
            and try_cast(positions.ean as bigint) = numbers.scanned_number
    left join sizes
        on
            positions.tenant_id = sizes.tenant_id
            and positions.article_number = sizes.article_number
            and positions.size is not distinct from sizes.size
    where
        positions.article_number is not null
        and positions.branch_number is not null

)

select * from sized
