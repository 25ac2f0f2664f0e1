with prohandel as (

    select
        tenant_id,
        sale_id,
        branch_number,
        cash_register_number,
        receipt_number,
        receipt_position,
        article_number,
        article_size_number as scanned_number,
        units,
        paid_amount,
        cast(
            coalesce(discount_amount, 0) + coalesce(deduction_amount, 0) as decimal(18, 2)
        ) as discount_amount,
        cast(coalesce(deduction_amount, 0) as decimal(18, 2)) as deduction_amount,
        cast(case when label_price > 0 then label_price * units end as decimal(18, 2)) as list_amount,
        cost_amount,
        coalesce(receipt_position >= {{ var('first_reversal_position') }}, false) as is_reversal,
        coalesce(sale_type in (2, 3), false) as is_staff_purchase,
        customer_key,
        return_reason_number,
        sold_on,
        sold_at,
        last_changed_at,
        loaded_at
    from {{ ref('stg_prohandel__sales') }}
    where {{ is_read_from('prohandel') }}

),

files as (

    select
        tenant_id,
        sale_id,
        branch_number,
        cast(null as bigint) as cash_register_number,
        receipt_number,
        receipt_position,
        article_number,
        article_size_number as scanned_number,
        units,
        paid_amount,
        coalesce(discount_amount, 0) as discount_amount,
        cast(0 as decimal(18, 2)) as deduction_amount,
        -- Where the export has no discounts, what a line cost before them is not known.
        cast(paid_amount + discount_amount as decimal(18, 2)) as list_amount,
        cost_amount,
        false as is_reversal,
        false as is_staff_purchase,
        cast(null as varchar) as customer_key,
        cast(null as bigint) as return_reason_number,
        sold_on,
        {{ timestamp_at('sold_on', '0') }} as sold_at,
        cast(null as timestamp) as last_changed_at,
        loaded_at
    from {{ ref('stg_files__sales') }}
    where {{ is_read_from('files') }}

)

select * from prohandel
union all
select * from files
