with source as (

    select * from {{ source('raw', 'purchase_order') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as order_id,
        number as order_number,
        {{ reference_or_null('supplier_number') }} as supplier_number,
        {{ reference_or_null('merchant_number') }} as merchant_number,

        ---------- text
        {{ text_or_null('supplier_order_id') }} as supplier_order_id,

        ---------- numerics
        source as order_source,
        overall_discount,
        status as order_status,
        type as order_type,

        ---------- timestamps
        created as ordered_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live(has_flag=false) }}

)

select * from renamed
