-- When each resource was last read, by the source's clock.
select
    resource,
    max(source_now) as read_at
from ops.load_ledger
where
    tenant_id = $tenant_id
    and source_now is not null
group by resource
order by resource;
