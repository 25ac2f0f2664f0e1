with source as (

    select * from {{ source('raw', 'purchase_order') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as order_id

    from source
    where _deleted_at is not null

)

select * from renamed
