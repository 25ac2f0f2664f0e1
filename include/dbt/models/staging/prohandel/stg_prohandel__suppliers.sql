with source as (

    select * from {{ source('raw', 'supplier') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as supplier_id,
        {{ text_or_null('currency_number') }} as currency_number,
        {{ text_or_null('country_number') }} as country_number,
        number as supplier_number,
        {{ reference_or_null('shipment_option_number') }} as shipment_option_number,
        {{ reference_or_null('payment_option_number') }} as payment_option_number,

        ---------- text
        {{ text_or_null('website') }} as website,
        {{ text_or_null('search_term') }} as search_term,
        {{ text_or_null('name1') }} as name_1,
        {{ text_or_null('name2') }} as name_2,
        {{ text_or_null('name3') }} as name_3,
        {{ text_or_null('city') }} as city,
        {{ text_or_null('zip_code') }} as zip_code,

        ---------- booleans
        -- Only what the source has switched off is.
        coalesce(is_active, true) as is_active,
        coalesce(is_edi, false) as is_edi,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
