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
        currency,
        source as source_kind

    from source

)

select * from renamed
