with source as (

    select * from {{ source('ops', 'load_ledger') }}

)

-- A read that was loaded says what was there when it began, unchanged rows included.
select
    ---------- ids
    tenant_id,

    ---------- text
    resource,

    ---------- timestamps
    max(source_now) as read_at

from source
where source_now is not null
group by tenant_id, resource
