with prohandel as (

    select
        tenant_id,
        supplier_number,
        coalesce(name_1, name_2, search_term) as supplier_name
    from {{ ref('stg_prohandel__suppliers') }}
    where supplier_number is not null
    qualify {{ is_newest('tenant_id, supplier_number', 'supplier_id') }}

)

select * from prohandel
