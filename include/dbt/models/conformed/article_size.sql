with prohandel as (

    select distinct
        tenant_id,
        article_number,
        article_size_number,
        size,
        size_group,
        ean
    from {{ ref('stg_prohandel__article_sizes') }}
    where article_number is not null

)

select * from prohandel
