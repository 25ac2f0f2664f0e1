with source as (

    select * from {{ source('raw', 'files_sale') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as sale_id,
        article_number,
        article as article_code,
        article_size_number,
        branch_number,
        branch as branch_code,
        receipt_number,
        ean,

        ---------- text
        receipt as receipt_code,
        size,

        ---------- numerics
        position as receipt_position,
        quantity as units,
        unit_price,
        amount as paid_amount,
        discount as discount_amount,
        cost as cost_amount,

        ---------- dates
        date as sold_on,

        ---------- timestamps
        _loaded_at as loaded_at

    from source
    where {{ is_live(has_flag=false) }}

)

select * from renamed
