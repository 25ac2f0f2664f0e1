delete from ops.source
where tenant_id = $tenant_id;
