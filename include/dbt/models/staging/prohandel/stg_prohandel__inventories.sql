with source as (

    select * from {{ source('raw', 'inventory') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as inventory_id,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ reference_or_null('supplier_number') }} as supplier_number,
        {{ reference_or_null('shop_number') }} as shop_number,
        {{ reference_or_null('category_number') }} as category_number,

        ---------- numerics
        type as inventory_type,

        ---------- booleans
        coalesce(active, false) as is_active,

        ---------- dates
        {{ date_or_null('date') }} as booked_on,
        {{ date_or_null('stocktaking_date') }} as counted_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
