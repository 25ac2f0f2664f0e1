-- Quarantined rows by resource, run and reason with a few ids; payloads stay where they are.
select
    resource,
    run_id,
    reason,
    count(*) filter (where replayed_at is null) as waiting,
    count(*) filter (where replayed_at is not null) as replayed,
    list_slice(list_sort(list(source_id) filter (where source_id is not null)), 1, 3) as examples,
    max(quarantined_at) as newest_at
from ops.quarantine
where
    tenant_id = $tenant_id
    and resource = coalesce($resource, resource)
group by
    resource,
    run_id,
    reason
order by
    newest_at desc,
    resource,
    run_id,
    waiting desc,
    reason;
