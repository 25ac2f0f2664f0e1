with source as (

    select * from {{ source('raw', 'size') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as size_id,
        size_group_number,

        ---------- text
        {{ text_or_null('name') }} as size_name,

        ---------- numerics
        position as size_position,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
