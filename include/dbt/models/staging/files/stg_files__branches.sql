with source as (

    select * from {{ source('raw', 'files_branch') }}

),

renamed as (

    select
        ---------- ids
        tenant_id,
        id as branch_id,
        branch_number,
        branch as branch_code,

        ---------- text
        name as branch_name,
        city,
        zip_code,
        country as country_code,

        ---------- booleans
        coalesce(is_webshop, false) as is_webshop,

        ---------- timestamps
        _loaded_at as loaded_at

    from source
    where {{ is_live(has_flag=false) }}

)

select * from renamed
