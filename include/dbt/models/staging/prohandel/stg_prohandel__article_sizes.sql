with source as (

    select * from {{ source('raw', 'articlesize') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as article_size_id,
        {{ reference_or_null('article_number') }} as article_number,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ text_or_null('ean') }} as ean,
        number as article_size_number,
        {{ text_or_null('currency_number') }} as currency_number,
        {{ text_or_null('price_unit_number') }} as price_unit_number,

        ---------- text
        {{ text_or_null('size') }} as size,
        {{ text_or_null('size_group') }} as size_group,
        {{ text_or_null('fifo') }} as fifo,

        ---------- numerics
        purchase_price,
        volume_unit,
        sale_price,
        label_price,
        stock_quantity as stock_units,
        selection_quantity as on_approval_units,

        ---------- booleans
        coalesce(is_nos, false) as is_nos,

        ---------- dates
        {{ date_or_null('first_purchase_date') }} as first_purchased_on,
        {{ date_or_null('last_purchase_date') }} as last_purchased_on,
        {{ date_or_null('first_sale_date') }} as first_sold_on,
        {{ date_or_null('last_sale_date') }} as last_sold_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
