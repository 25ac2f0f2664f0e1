-- Locks the run until the end of the transaction: a new start waits for the load, and a load for a new start, which then
-- shows in its fence. Nothing changes.
update ops.run
set fence = fence
where
    tenant_id = $tenant_id
    and run_id = $run_id;
