with deleted as (

    select * from {{ ref('stg_prohandel__deleted_sales') }}
    where {{ is_read_from('prohandel') }}

),

reads as (

    select * from {{ ref('stg_mercurios__complete_reads') }}
    where resource = 'sale'

),

-- Where the source does not say when, a line was deleted after the last read that still showed it.
dated as (

    select
        deleted.tenant_id,
        deleted.sale_id,
        deleted.branch_number,
        deleted.article_number,
        deleted.article_size_number as scanned_number,
        deleted.units,
        deleted.sold_on,
        deleted.sold_at,
        coalesce(deleted.deleted_at, {{ later_by('reads.read_before_at', 'microsecond', 1) }}) as deleted_at
    from deleted
    left join reads
        on
            deleted.tenant_id = reads.tenant_id
            and deleted.missed_at = reads.extracted_at

)

-- Exports only leave a line out, and a file says nothing of when it was written in a till.
select * from dated
where deleted_at is not null
