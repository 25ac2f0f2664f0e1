with deleted_orders as (

    select * from {{ ref('stg_prohandel__deleted_purchase_orders') }}

),

prohandel as (

    -- A line that was closed after a short delivery keeps its backlog, of which nothing comes any more.
    select
        lines.tenant_id,
        lines.order_position_id as order_line_id,
        lines.order_id,
        lines.article_number,
        lines.branch_number,
        lines.size,
        lines.ean,
        lines.ordered_units,
        lines.delivered_units,
        case
            when lines.backlog_units > 0 and not lines.is_closed then lines.backlog_units
            else 0
        end as open_units,
        lines.is_consignment,
        deleted_orders.order_id is not null as is_cancelled,
        lines.expected_on,
        lines.last_changed_at
    from {{ ref('stg_prohandel__purchase_order_positions') }} as lines
    left join deleted_orders
        on
            lines.tenant_id = deleted_orders.tenant_id
            and lines.order_id = deleted_orders.order_id
    where {{ is_read_from('prohandel', 'lines.tenant_id') }}

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
