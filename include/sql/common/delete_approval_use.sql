-- A complete read uses up what was approved before it began, needed or not: an approval is for what a person has seen.
update ops.delete_approval
set
    used_run_id = $run_id,
    used_at = $loaded_at
where
    tenant_id = $tenant_id
    and resource = $resource
    and used_at is null
    and approved_at <= $extracted_at;
