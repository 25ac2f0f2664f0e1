with source as (

    select * from {{ source('raw', 'tenant') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,

        ---------- text
        name as tenant_name,
        time_zone,
        country,
        region,
        currency

    from source

)

select * from renamed
