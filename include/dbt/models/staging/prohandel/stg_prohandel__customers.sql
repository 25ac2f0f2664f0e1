with source as (

    select * from {{ source('raw', 'customer') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as customer_id,
        {{ text_or_null('customer_key') }} as customer_key,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ text_or_null('country_number') }} as country_number,
        {{ text_or_null('staff_key') }} as staff_key,
        {{ reference_or_null('group_number') }} as group_number,

        ---------- text
        {{ text_or_null('customer_type') }} as customer_type,

        ---------- numerics
        discount_group,
        discount_percent,

        ---------- booleans
        coalesce(inactive_flag, false) as is_inactive,
        coalesce(is_business, false) as is_business,
        coalesce(is_staff, false) as is_staff,
        coalesce(is_locked, false) as is_locked,
        coalesce(has_customer_card, false) as has_customer_card,

        ---------- dates
        {{ date_or_null('creation_date') }} as created_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
