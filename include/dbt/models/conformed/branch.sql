with prohandel as (

    select
        tenant_id,
        branch_number,
        coalesce(name_1, name_2, search_term) as branch_name,
        city,
        zip_code,
        country_number as country_code,
        is_active,
        is_webshop
    from {{ ref('stg_prohandel__branches') }}
    where
        branch_number is not null
        and {{ is_read_from('prohandel') }}
    qualify {{ is_newest('tenant_id, branch_number', 'branch_id') }}

),

files_coded as (

    select
        tenant_id,
        branch_number,
        branch_code
    from {{ ref('stg_files__sales') }}
    union
    select
        tenant_id,
        branch_number,
        branch_code
    from {{ ref('stg_files__stock') }}
    union
    select
        tenant_id,
        branch_number,
        branch_code
    from {{ ref('stg_files__open_orders') }}

),

-- A branch that only sales, stock or orders name goes by its code.
files_named as (

    select
        tenant_id,
        branch_number,
        branch_name,
        city,
        zip_code,
        country_code,
        is_webshop,
        1 as preference,
        branch_id as tie
    from {{ ref('stg_files__branches') }}
    union all
    select
        tenant_id,
        branch_number,
        'Branch ' || branch_code as branch_name,
        cast(null as varchar) as city,
        cast(null as varchar) as zip_code,
        cast(null as varchar) as country_code,
        false as is_webshop,
        2 as preference,
        branch_code as tie
    from files_coded

),

files as (

    select
        tenant_id,
        branch_number,
        branch_name,
        city,
        zip_code,
        country_code,
        true as is_active,
        is_webshop
    from files_named
    where
        branch_number is not null
        and {{ is_read_from('files') }}
    qualify row_number() over (partition by tenant_id, branch_number order by preference, tie) = 1

)

select * from prohandel
union all
select * from files
