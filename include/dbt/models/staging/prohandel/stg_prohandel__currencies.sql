with source as (

    select * from {{ source('raw', 'currency') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as currency_id,
        {{ text_or_null('number') }} as currency_number,

        ---------- text
        {{ text_or_null('iso_alpha3') }} as iso_alpha_3,

        ---------- numerics
        unit as exchange_unit,
        course as exchange_rate,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
