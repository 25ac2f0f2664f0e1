with source as (

    select * from {{ source('raw', 'files_article') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as article_id,
        article_number,
        article as article_code,
        category_number,
        supplier_number,
        season_number,
        tax as tax_number,

        ---------- text
        name as article_name,
        category as category_name,
        supplier as supplier_name,
        season as season_name,
        colour,

        ---------- numerics
        purchase_price,
        sale_price,
        label_price,

        ---------- booleans
        coalesce(is_active, true) as is_active,
        coalesce(is_reordered, true) as is_reordered,

        ---------- timestamps
        _loaded_at as loaded_at

    from source
    where {{ is_live(has_flag=false) }}

)

select * from renamed
