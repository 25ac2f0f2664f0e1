-- A row that changed after the read began was read later, but hardly a day later: then its own clock is wrong.
with prohandel as (

    select
        sizes.tenant_id,
        sizes.article_number,
        sizes.article_size_number,
        sizes.branch_number,
        sizes.stock_units,
        sizes.on_approval_units,
        sizes.last_purchased_on as last_received_on,
        sizes.last_sold_on,
        case
            when
                sizes.last_changed_at > reads.read_at
                and sizes.last_changed_at < {{ later_by('reads.read_at', 'day', 1) }}
                then sizes.last_changed_at
            else reads.read_at
        end as reported_at
    from {{ ref('stg_prohandel__article_sizes') }} as sizes
    left join {{ ref('stg_mercurios__reads') }} as reads
        on
            sizes.tenant_id = reads.tenant_id
            and reads.resource = 'articlesize'
    where {{ is_read_from('prohandel', 'sizes.tenant_id') }}

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
        files_reported.tenant_id,
        files_reported.article_number,
        files_reported.article_size_number,
        files_reported.branch_number,
        files_reported.stock_units,
        cast(0 as decimal(18, 2)) as on_approval_units,
        cast(null as date) as last_received_on,
        cast(null as date) as last_sold_on,
        reads.read_at as reported_at
    from files_reported
    left join {{ ref('stg_mercurios__reads') }} as reads
        on
            files_reported.tenant_id = reads.tenant_id
            and reads.resource = 'stock'
    where {{ is_read_from('files', 'files_reported.tenant_id') }}

)

select * from prohandel
union all
select * from files
