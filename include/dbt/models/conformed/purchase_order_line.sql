with prohandel as (

    -- A line that was closed after a short delivery keeps its backlog, of which nothing comes any more.
    select
        tenant_id,
        order_position_id as order_line_id,
        order_id,
        article_number,
        branch_number,
        size,
        ean,
        ordered_units,
        delivered_units,
        case
            when backlog_units > 0 and not is_closed then backlog_units
            else 0
        end as open_units,
        is_consignment,
        expected_on,
        last_changed_at
    from {{ ref('stg_prohandel__purchase_order_positions') }}
    where {{ is_read_from('prohandel') }}

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
        expected_on,
        cast(null as timestamp) as last_changed_at
    from {{ ref('stg_files__open_orders') }}
    where {{ is_read_from('files') }}

)

select * from prohandel
union all
select * from files
