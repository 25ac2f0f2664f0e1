with source as (

    select * from {{ source('raw', 'sale') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as sale_id,
        {{ reference_or_null('article_number') }} as article_number,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ reference_or_null('article_size_number') }} as article_size_number,
        {{ text_or_null('customer_key') }} as customer_key,
        {{ text_or_null('currency_number') }} as currency_number,
        {{ text_or_null('country_number') }} as country_number,
        {{ text_or_null('staff_key') }} as staff_key,
        {{ reference_or_null('receipt_number') }} as receipt_number,
        {{ text_or_null('cashier_key') }} as cashier_key,
        {{ reference_or_null('cash_register_number') }} as cash_register_number,
        {{ reference_or_null('price_change_reason_number') }} as price_change_reason_number,
        {{ reference_or_null('return_reason_number') }} as return_reason_number,
        {{ reference_or_null('payment_option_number') }} as payment_option_number,

        ---------- numerics
        purchase_price as cost_amount,
        discount as discount_amount,
        deduction as deduction_amount,
        staff_discount as staff_discount_amount,
        receipt_position,
        quantity as units,
        sale_price as paid_amount,
        label_price,
        type as sale_type,

        ---------- dates
        date as sold_on,

        ---------- timestamps
        {{ timestamp_at('date', 'coalesce(time, 0)') }} as sold_at,
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
