with source as (

    select * from {{ source('ops', 'load_ledger') }}

),

complete as (

    select
        tenant_id,
        resource,
        extracted_at,
        max(source_now) as read_at
    from source
    where
        is_complete
        and source_now is not null
        and extracted_at is not null
    group by tenant_id, resource, extracted_at

)

select
    ---------- ids
    tenant_id,

    ---------- text
    resource,

    ---------- timestamps
    extracted_at,
    read_at,
    lag(read_at) over (
        partition by tenant_id, resource
        order by read_at
    ) as read_before_at

from complete
