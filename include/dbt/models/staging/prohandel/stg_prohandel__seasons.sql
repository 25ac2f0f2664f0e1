with source as (

    select * from {{ source('raw', 'season') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as season_id,
        season_number,

        ---------- text
        {{ text_or_null('name') }} as season_name,
        {{ text_or_null('search_term') }} as search_term,

        ---------- dates
        {{ date_or_null('valid_from') }} as valid_from,
        {{ date_or_null('valid_until') }} as valid_until,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
