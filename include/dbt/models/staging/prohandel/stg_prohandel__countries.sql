with source as (

    select * from {{ source('raw', 'country') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as country_id,
        {{ text_or_null('currency_number') }} as currency_number,
        {{ text_or_null('number') }} as country_number,

        ---------- text
        {{ text_or_null('country_name') }} as country_name,
        {{ text_or_null('domain') }} as domain,
        {{ text_or_null('iso_alpha2') }} as iso_alpha_2,
        {{ text_or_null('iso_alpha3') }} as iso_alpha_3,
        {{ text_or_null('search_term') }} as search_term,

        ---------- booleans
        coalesce(is_eu, false) as is_eu,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
