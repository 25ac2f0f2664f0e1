with prohandel as (

    select
        tenant_id,
        supplier_number,
        coalesce(name_1, name_2, search_term) as supplier_name,
        currency_number as currency_code,
        is_active
    from {{ ref('stg_prohandel__suppliers') }}
    where
        supplier_number is not null
        and {{ is_read_from('prohandel') }}
    qualify {{ is_newest('tenant_id, supplier_number', 'supplier_id') }}

),

files_named as (

    select
        tenant_id,
        supplier_number,
        supplier_name
    from {{ ref('stg_files__articles') }}
    union all
    select
        tenant_id,
        supplier_number,
        supplier_name
    from {{ ref('stg_files__open_orders') }}

),

files as (

    select
        tenant_id,
        supplier_number,
        max(supplier_name) as supplier_name,
        cast(null as varchar) as currency_code,
        true as is_active
    from files_named
    where
        supplier_number is not null
        and {{ is_read_from('files') }}
    group by tenant_id, supplier_number

)

select * from prohandel
union all
select * from files
