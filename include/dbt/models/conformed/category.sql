with prohandel as (

    select
        tenant_id,
        category_number,
        category_name,
        department_number,
        main_category_number,
        general_category_number,
        tax_number,
        is_service_category as is_service
    from {{ ref('stg_prohandel__categories') }}
    where
        category_number is not null
        and {{ is_read_from('prohandel') }}
    qualify {{ is_newest('tenant_id, category_number', 'category_id') }}

),

files as (

    select
        tenant_id,
        category_number,
        max(category_name) as category_name,
        cast(null as bigint) as department_number,
        cast(null as bigint) as main_category_number,
        cast(null as bigint) as general_category_number,
        cast(null as bigint) as tax_number,
        false as is_service
    from {{ ref('stg_files__articles') }}
    where
        category_number is not null
        and {{ is_read_from('files') }}
    group by tenant_id, category_number

)

select * from prohandel
union all
select * from files
