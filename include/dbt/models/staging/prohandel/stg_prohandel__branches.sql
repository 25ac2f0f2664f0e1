with source as (

    select * from {{ source('raw', 'branch') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as branch_id,
        {{ reference_or_null('state_number') }} as state_number,
        {{ reference_or_null('gl_n1') }} as location_number_1,
        {{ reference_or_null('gl_n2') }} as location_number_2,
        number as branch_number,
        {{ text_or_null('country_number') }} as country_number,
        {{ reference_or_null('region_number') }} as region_number,

        ---------- text
        {{ text_or_null('search_term') }} as search_term,
        {{ text_or_null('name1') }} as name_1,
        {{ text_or_null('name2') }} as name_2,
        {{ text_or_null('name3') }} as name_3,
        {{ text_or_null('city') }} as city,
        {{ text_or_null('zip_code') }} as zip_code,
        {{ text_or_null('open_monday') }} as opening_hours_monday,
        {{ text_or_null('open_tuesday') }} as opening_hours_tuesday,
        {{ text_or_null('open_wednesday') }} as opening_hours_wednesday,
        {{ text_or_null('open_thursday') }} as opening_hours_thursday,
        {{ text_or_null('open_friday') }} as opening_hours_friday,
        {{ text_or_null('open_saturday') }} as opening_hours_saturday,
        {{ text_or_null('open_sunday') }} as opening_hours_sunday,

        ---------- booleans
        -- Only what the source has switched off is.
        coalesce(is_active, true) as is_active,
        coalesce(is_webshop, false) as is_webshop,

        ---------- dates
        {{ date_or_null('stocktaking_date') }} as stocktaking_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
