with source as (

    select * from {{ source('raw', 'files_open_order') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as order_line_id,
        coalesce(order_code, id) as order_id,
        article_number,
        article as article_code,
        article_size_number,
        branch_number,
        branch as branch_code,
        supplier_number,
        ean,

        ---------- text
        supplier as supplier_name,
        size,

        ---------- numerics
        position as order_position,
        ordered as ordered_units,
        delivered as delivered_units,
        open_quantity as open_units,

        ---------- dates
        ordered_on,
        expected_on,

        ---------- timestamps
        _loaded_at as loaded_at

    from source
    where {{ is_live(has_flag=false) }}

)

select * from renamed
