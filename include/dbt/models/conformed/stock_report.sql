with prohandel as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        stock_units,
        on_approval_units,
        last_purchased_on as last_received_on,
        last_sold_on
    from {{ ref('stg_prohandel__article_sizes') }}
    where {{ is_read_from('prohandel') }}

),

files_stocked as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        stock_units
    from {{ ref('stg_files__stock') }}

),

files_sold as (

    select distinct
        tenant_id,
        article_number,
        article_size_number,
        branch_number
    from {{ ref('stg_files__sales') }}

),

files_branches as (

    select distinct
        tenant_id,
        branch_number
    from files_stocked

),

-- An export lists what is there: what a branch has sold and the export of its stock does not list is sold out.
files_sold_out as (

    select
        files_sold.tenant_id,
        files_sold.article_number,
        files_sold.article_size_number,
        files_sold.branch_number,
        cast(0 as decimal(18, 2)) as stock_units
    from files_sold
    inner join files_branches
        on
            files_sold.tenant_id = files_branches.tenant_id
            and files_sold.branch_number = files_branches.branch_number
    left join files_stocked
        on
            files_sold.tenant_id = files_stocked.tenant_id
            and files_sold.article_number = files_stocked.article_number
            and files_sold.article_size_number = files_stocked.article_size_number
            and files_sold.branch_number = files_stocked.branch_number
    where files_stocked.tenant_id is null

),

files_reported as (

    select * from files_stocked
    union all
    select * from files_sold_out

),

files as (

    select
        tenant_id,
        article_number,
        article_size_number,
        branch_number,
        stock_units,
        cast(0 as decimal(18, 2)) as on_approval_units,
        cast(null as date) as last_received_on,
        cast(null as date) as last_sold_on
    from files_reported
    where {{ is_read_from('files') }}

)

select * from prohandel
union all
select * from files
