-- Quarantined rows by resource, run and reason with a few ids; payloads stay where they are.
select
    resource,
    run_id,
    reason,
    count_if(replayed_at is null) as waiting,
    count_if(replayed_at is not null) as replayed,
    to_json(array_slice(array_sort(array_agg(source_id)), 0, 3)) as examples,
    max(quarantined_at) as newest_at
from ops.quarantine
where
    tenant_id = $tenant_id
    and resource = coalesce(cast($resource as varchar), resource)
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
