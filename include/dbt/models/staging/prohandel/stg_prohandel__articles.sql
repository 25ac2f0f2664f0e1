with source as (

    select * from {{ source('raw', 'article') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as article_id,
        {{ reference_or_null('manufacturer_number') }} as manufacturer_number,
        {{ text_or_null('supplier_article_number') }} as supplier_article_number,
        number as article_number,
        {{ reference_or_null('pattern_number') }} as pattern_number,
        {{ reference_or_null('color_number') }} as colour_number,
        {{ reference_or_null('shape_number') }} as shape_number,
        {{ reference_or_null('brand_number') }} as brand_number,
        {{ reference_or_null('material_number') }} as material_number,
        {{ reference_or_null('shop_number') }} as shop_number,
        {{ reference_or_null('target_group_number') }} as target_group_number,
        {{ reference_or_null('function_number') }} as function_number,
        {{ reference_or_null('label_number') }} as label_number,
        {{ text_or_null('individual_article_number') }} as individual_article_number,
        {{ text_or_null('price_unit_number') }} as price_unit_number,
        {{ text_or_null('currency_number') }} as currency_number,
        {{ text_or_null('country_number') }} as country_number,
        {{ reference_or_null('supplier_number') }} as supplier_number,
        {{ reference_or_null('season_number') }} as season_number,
        {{ reference_or_null('category_number') }} as category_number,

        ---------- text
        {{ text_or_null('supplier_color') }} as supplier_colour,
        {{ text_or_null('size_type') }} as size_type,
        {{ text_or_null('article_flag') }} as article_flag,
        {{ text_or_null('supplier_season') }} as supplier_season,
        {{ text_or_null('supplier_category') }} as supplier_category,
        {{ text_or_null('text1') }} as text1,
        {{ text_or_null('text2') }} as text2,
        {{ text_or_null('text3') }} as text3,
        {{ text_or_null('brochure') }} as brochure,

        ---------- numerics
        purchase_price,
        gender,
        price as sale_price,
        label_price,
        calculated_price,

        ---------- booleans
        coalesce(is_active, false) as is_active,
        coalesce(is_nos, false) as is_nos,

        ---------- dates
        {{ date_or_null('first_purchase_date') }} as first_purchased_on,
        {{ date_or_null('last_purchase_date') }} as last_purchased_on,
        {{ date_or_null('first_order_date') }} as first_ordered_on,
        {{ date_or_null('last_order_date') }} as last_ordered_on,
        {{ date_or_null('first_sale_date') }} as first_sold_on,
        {{ date_or_null('last_sale_date') }} as last_sold_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
