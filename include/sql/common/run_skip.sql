-- Why a run ends before it builds; null where it goes on.
update ops.run
set skip_reason = $skip_reason
where
    tenant_id = $tenant_id
    and run_id = $run_id;
