with prohandel as (

    select
        tenant_id,
        order_id,
        supplier_number,
        ordered_at
    from {{ ref('stg_prohandel__purchase_orders') }}

)

select * from prohandel
