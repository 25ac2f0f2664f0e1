with prohandel as (

    select distinct
        tenant_id,
        article_number,
        article_size_number,
        size,
        size_group,
        ean
    from {{ ref('stg_prohandel__article_sizes') }}
    where
        article_number is not null
        and {{ is_read_from('prohandel') }}

),

files_named as (

    select
        tenant_id,
        article_number,
        article_size_number,
        size,
        ean
    from {{ ref('stg_files__stock') }}
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        size,
        ean
    from {{ ref('stg_files__sales') }}
    -- Where no stock is known at all, nothing may look as if it were sold out.
    where tenant_id in (select stocked.tenant_id from {{ ref('stg_files__stock') }} as stocked)
    union all
    select
        tenant_id,
        article_number,
        article_size_number,
        size,
        ean
    from {{ ref('stg_files__open_orders') }}

),

files_sizes as (

    select distinct
        tenant_id,
        article_number,
        article_size_number,
        size,
        cast(null as varchar) as size_group,
        ean
    from files_named
    where
        article_number is not null
        and {{ is_read_from('files') }}

),

-- A line that names no size of goods that have sizes is no size of its own.
files as (

    select *
    from files_sizes
    qualify
        size is not null
        or count(size) over (partition by tenant_id, article_number) = 0

)

select * from prohandel
union all
select * from files
