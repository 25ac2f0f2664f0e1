with source as (

    select * from {{ source('raw', 'label') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as label_id,
        number as label_number,

        ---------- text
        {{ text_or_null('name') }} as label_name,
        {{ text_or_null('search_term') }} as search_term,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
