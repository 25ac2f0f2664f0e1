with source as (

    select * from {{ source('raw', 'files_stock') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as stock_id,
        article_number,
        article as article_code,
        article_size_number,
        branch_number,
        branch as branch_code,
        ean,

        ---------- text
        size,

        ---------- numerics
        quantity as stock_units,

        ---------- timestamps
        _loaded_at as loaded_at

    from source
    where {{ is_live(has_flag=false) }}

)

select * from renamed
