with source as (

    select * from {{ source('raw', 'public_holiday') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,

        ---------- text
        {{ text_or_null('name') }} as holiday_name,

        ---------- dates
        date as holiday_on

    from source

)

select * from renamed
