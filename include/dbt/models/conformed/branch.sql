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
    where branch_number is not null
    qualify {{ is_newest('tenant_id, branch_number', 'branch_id') }}

)

select * from prohandel
