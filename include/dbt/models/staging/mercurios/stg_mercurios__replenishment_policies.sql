with source as (

    select * from {{ source('raw', 'replenishment_policy') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,

        ---------- text
        scope,
        scope_key,
        setting,

        ---------- numerics
        value as setting_value

    from source

)

select * from renamed
