with source as (

    select * from {{ source('raw', 'purchase_order_position') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as order_position_id,
        order_id,
        {{ reference_or_null('order_number') }} as order_number,
        {{ reference_or_null('article_number') }} as article_number,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ reference_or_null('size_group_number') }} as size_group_number,
        {{ text_or_null('original_ean') }} as original_ean,
        {{ text_or_null('ean') }} as ean,

        ---------- text
        {{ text_or_null('size') }} as size,

        ---------- numerics
        size_group_position,
        purchase_price,
        net_purchase_price,
        delivered_amount as delivered_units,
        order_amount as ordered_units,
        backlog_amount as backlog_units,
        status as position_status,
        sale_price,
        label_price,
        distribution_status,
        distributed_amount as distributed_units,

        ---------- booleans
        coalesce(is_consignment, false) as is_consignment,
        coalesce(status in ({{ var('closed_order_position_statuses') | join(', ') }}), false) as is_closed,

        ---------- dates
        {{ date_or_null('expected_arrival') }} as expected_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
