-- Quarantined rows by resource, run and reason with a few ids; payloads stay where they are.
with rejected as (
    select
        resource,
        run_id,
        reason,
        source_id,
        replayed_at,
        quarantined_at,
        row_number() over (
            partition by resource, run_id, reason
            order by source_id nulls last
        ) as place
    from ops.quarantine
    where
        tenant_id = $tenant_id
        and resource = coalesce(cast($resource as varchar), resource)
)

select
    resource,
    run_id,
    reason,
    count(case when replayed_at is null then 1 end) as waiting,
    count(replayed_at) as replayed,
    {{ first_values("source_id", "place", 3) }} as examples,
    max(quarantined_at) as newest_at
from rejected
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
