with source as (

    select * from {{ source('raw', 'credit') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as credit_id,
        {{ reference_or_null('branch_number') }} as branch_number,
        {{ reference_or_null('receipt_number') }} as receipt_number,
        number as credit_number,
        {{ text_or_null('customer_key') }} as customer_key,
        {{ text_or_null('currency_number') }} as currency_number,

        ---------- numerics
        amount_redeemed as redeemed_amount,
        receipt_position,
        status as credit_status,
        value as credit_amount,

        ---------- dates
        {{ date_or_null('date') }} as issued_on,

        ---------- timestamps
        last_change as last_changed_at,
        _loaded_at as loaded_at

    from source
    where {{ is_live() }}

)

select * from renamed
