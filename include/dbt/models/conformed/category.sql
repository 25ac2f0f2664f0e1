with prohandel as (

    select
        tenant_id,
        category_number,
        category_name,
        department_number,
        main_category_number,
        general_category_number,
        is_service_category as is_service
    from {{ ref('stg_prohandel__categories') }}
    where category_number is not null
    qualify {{ is_newest('tenant_id, category_number', 'category_id') }}

)

select * from prohandel
