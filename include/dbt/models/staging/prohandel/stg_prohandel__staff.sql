with source as (

    select * from {{ source('raw', 'staff') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as staff_id,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ text_or_null('staff_key') }} as staff_key,

        ---------- booleans
        coalesce(is_active, false) as is_active,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
