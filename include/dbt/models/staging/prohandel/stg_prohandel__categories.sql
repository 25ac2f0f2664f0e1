with source as (

    select * from {{ source('raw', 'category') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as category_id,
        {{ reference_or_null('department_number') }} as department_number,
        {{ reference_or_null('label_number') }} as label_number,
        {{ reference_or_null('main_department_number') }} as main_department_number,
        {{ reference_or_null('main_category_number') }} as main_category_number,
        {{ reference_or_null('general_category_number') }} as general_category_number,
        {{ reference_or_null('tax_number') }} as tax_number,
        number as category_number,

        ---------- text
        {{ text_or_null('name') }} as category_name,
        {{ text_or_null('search_term') }} as search_term,

        ---------- booleans
        coalesce(is_service_category, false) as is_service_category,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
