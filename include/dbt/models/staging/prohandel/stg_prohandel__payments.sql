with source as (

    select * from {{ source('raw', 'payment') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as payment_id,
        {{ reference_or_null('receipt_number') }} as receipt_number,
        {{ reference_or_null('cash_register_number') }} as cash_register_number,
        {{ text_or_null('staff_key') }} as staff_key,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ text_or_null('customer_key') }} as customer_key,
        {{ text_or_null('currency_number') }} as currency_number,
        number as payment_number,

        ---------- numerics
        receipt_position,
        status as payment_status,
        amount as payment_amount,

        ---------- dates
        {{ date_or_null('date') }} as paid_on,
        {{ date_or_null('invoice_date') }} as invoiced_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
