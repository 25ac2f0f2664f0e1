delete from ops.hash_key
where tenant_id = $tenant_id;
