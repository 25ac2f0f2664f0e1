-- How far each resource was read, when it was last read completely, and whether there is a request for a complete read that
-- no run has loaded yet. A read counts as the answer only if its run began after the request.
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

stable_reads as (
    select
        resource,
        max(extracted_at) as last_read_at
    from ops.load_ledger
    where
        tenant_id = $tenant_id
        and is_stable
        and mode <> 'replay'
    group by resource
),

watermarks as (
    select
        resource,
        cursor_value
    from ops.watermark
    where tenant_id = $tenant_id
),

requests as (
    select
        resource,
        max(requested_at) as requested_at
    from ops.resync_request
    where tenant_id = $tenant_id
    group by resource
),

answered as (
    select distinct requests.resource
    from requests
    inner join ops.load_ledger as ledger
        on
            requests.resource = ledger.resource
            and requests.requested_at < ledger.loaded_at
    inner join ops.run as runs
        on
            ledger.tenant_id = runs.tenant_id
            and ledger.run_id = runs.run_id
            and requests.requested_at <= runs.started_at
    where
        ledger.tenant_id = $tenant_id
        and ledger.is_complete
)

select
    complete_reads.resource,
    watermarks.cursor_value,
    complete_reads.last_complete_at,
    stable_reads.last_read_at,
    requests.resource is not null and answered.resource is null as resync_pending
from complete_reads
left join stable_reads
    on complete_reads.resource = stable_reads.resource
left join watermarks
    on complete_reads.resource = watermarks.resource
left join requests
    on complete_reads.resource = requests.resource
left join answered
    on complete_reads.resource = answered.resource
order by complete_reads.resource;
