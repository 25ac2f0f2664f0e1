with source as (

    select * from {{ source('raw', 'voucher') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as voucher_id,
        {{ reference_or_null('receipt_number') }} as receipt_number,
        number as voucher_number,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ text_or_null('customer_key') }} as customer_key,
        {{ text_or_null('currency_number') }} as currency_number,

        ---------- numerics
        amount_redeemed as redeemed_amount,
        receipt_position,
        status as voucher_status,
        type as voucher_type,
        value as voucher_amount,

        ---------- dates
        {{ date_or_null('date') }} as issued_on,
        {{ date_or_null('voucher_redemption_date') }} as redeemed_on,
        {{ date_or_null('valid_until') }} as valid_until,
        {{ date_or_null('valid_from') }} as valid_from,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
