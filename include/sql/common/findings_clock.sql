-- How many lists of a run came with a clock that cannot be right, where it was right before.
select count(*) as list_count
from ops.schema_drift
where
    tenant_id = $tenant_id
    and run_id = $run_id
    and change = 'doubted'
having count(*) > 0;
