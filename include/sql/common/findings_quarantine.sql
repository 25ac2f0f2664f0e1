-- Rows set aside in a run that no earlier run had set aside for the same reason: a list that is read completely shows
-- the same bad row every time, which is news once.
with rejected as (
    select
        resource,
        reason,
        coalesce(source_id, payload) as row_key,
        run_id,
        quarantined_at
    from ops.quarantine
    where tenant_id = $tenant_id
),

own as (
    select
        resource,
        reason,
        row_key,
        min(quarantined_at) as quarantined_at
    from rejected
    where run_id = $run_id
    group by
        resource,
        reason,
        row_key
),

fresh as (
    select
        own.resource,
        own.reason,
        count(*) as row_count,
        row_number() over (
            partition by own.resource
            order by count(*) desc, own.reason
        ) as place
    from own
    where not exists (
        select 1
        from rejected
        where
            rejected.run_id <> $run_id
            and rejected.resource = own.resource
            and rejected.reason = own.reason
            and rejected.row_key = own.row_key
            and rejected.quarantined_at < own.quarantined_at
    )
    group by
        own.resource,
        own.reason
)

select
    resource,
    cast(sum(row_count) as bigint) as row_count,
    {{ first_values("reason", "place", 3) }} as reasons
from fresh
group by resource
order by resource;
