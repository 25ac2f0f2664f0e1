-- The newest moment that the bookkeeping of a tenant holds, whatever clock wrote it; null before the first run.
with stamps as (
    select max(started_at) as stamp
    from ops.run
    where tenant_id = $tenant_id
    union all
    select max(loaded_at) as stamp
    from ops.load_ledger
    where tenant_id = $tenant_id
    union all
    select max(extracted_at) as stamp
    from ops.load_ledger
    where tenant_id = $tenant_id
)

select max(stamp) as stamp
from stamps;
