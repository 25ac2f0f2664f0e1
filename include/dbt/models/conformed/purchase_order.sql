with prohandel as (

    select
        tenant_id,
        order_id,
        cast(order_number as varchar) as order_number,
        supplier_number,
        ordered_at,
        overall_discount
    from {{ ref('stg_prohandel__purchase_orders') }}
    where {{ is_read_from('prohandel') }}

),

files as (

    select
        tenant_id,
        order_id,
        order_id as order_number,
        max(supplier_number) as supplier_number,
        cast(min(ordered_on) as timestamp) as ordered_at,
        cast(null as decimal(18, 2)) as overall_discount
    from {{ ref('stg_files__open_orders') }}
    where {{ is_read_from('files') }}
    group by tenant_id, order_id

)

select * from prohandel
union all
select * from files
