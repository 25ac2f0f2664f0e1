with source as (

    select * from {{ source('raw', 'invoice') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as invoice_id,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ text_or_null('customer_key') }} as customer_key,
        {{ text_or_null('currency_number') }} as currency_number,
        {{ reference_or_null('receipt_number') }} as receipt_number,
        {{ text_or_null('staff_key') }} as staff_key,
        {{ reference_or_null('cash_register_number') }} as cash_register_number,
        number as invoice_number,
        {{ reference_or_null('payment_condition_number') }} as payment_condition_number,

        ---------- numerics
        receipt_position,
        status as invoice_status,
        amount as invoice_amount,
        amount_cleared as cleared_amount,

        ---------- dates
        {{ date_or_null('date') }} as invoiced_on,
        {{ date_or_null('payment_due_date') }} as payment_due_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
