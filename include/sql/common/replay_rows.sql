-- What waits in quarantine. A row from before extractions were dated counts as older than all that RAW holds.
select
    run_id,
    attempt,
    row_number,
    reason,
    payload,
    coalesce(extracted_at, cast('1970-01-01' as {{ timestamp_type() }})) as extracted_at
from ops.quarantine
where
    tenant_id = $tenant_id
    and resource = $resource
    and replayed_at is null
order by
    extracted_at,
    run_id,
    attempt,
    row_number;
