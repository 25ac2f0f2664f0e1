-- Where each resource stands, and when it was last read completely.
with complete_reads as (
    select
        resource,
        max(loaded_at) as last_complete_at
    from ops.load_ledger
    where
        tenant_id = $tenant_id
        and is_complete
    group by resource
),

watermarks as (
    select
        resource,
        cursor_value
    from ops.watermark
    where tenant_id = $tenant_id
)

select
    complete_reads.resource,
    watermarks.cursor_value,
    complete_reads.last_complete_at
from complete_reads
left join watermarks
    on complete_reads.resource = watermarks.resource;
