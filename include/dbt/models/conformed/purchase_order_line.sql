with positions as (

    select * from {{ ref('stg_prohandel__purchase_order_positions') }}
    where {{ is_read_from('prohandel') }}

),

deleted_orders as (

    select * from {{ ref('stg_prohandel__deleted_purchase_orders') }}

),

prohandel as (

    -- A line that was closed after a short delivery keeps its backlog, of which nothing comes any more.
    select
        positions.tenant_id,
        positions.order_position_id as order_line_id,
        positions.order_id,
        positions.article_number,
        positions.branch_number,
        positions.size,
        positions.ean,
        positions.ordered_units,
        positions.delivered_units,
        case
            when positions.backlog_units > 0 and not positions.is_closed then positions.backlog_units
            else 0
        end as open_units,
        positions.purchase_price,
        positions.net_purchase_price,
        positions.is_consignment,
        deleted_orders.order_id is not null as is_cancelled,
        positions.expected_on,
        positions.last_changed_at
    from positions
    left join deleted_orders
        on
            positions.tenant_id = deleted_orders.tenant_id
            and positions.order_id = deleted_orders.order_id

),

files as (

    select
        tenant_id,
        order_line_id,
        order_id,
        article_number,
        branch_number,
        size,
        ean,
        cast(
            coalesce(ordered_units, open_units + coalesce(delivered_units, 0)) as decimal(18, 2)
        ) as ordered_units,
        delivered_units,
        open_units,
        cast(null as decimal(18, 2)) as purchase_price,
        cast(null as decimal(18, 2)) as net_purchase_price,
        false as is_consignment,
        false as is_cancelled,
        expected_on,
        cast(null as timestamp) as last_changed_at
    from {{ ref('stg_files__open_orders') }}
    where {{ is_read_from('files') }}

)

select * from prohandel
union all
select * from files
