with source as (

    select * from {{ source('raw', 'tenant_setting') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,

        ---------- text
        scope,
        scope_key,
        setting,
        value as setting_value

    from source

)

select * from renamed
