insert into ops.delete_approval (tenant_id, resource, approved_by, approved_at)
values ($tenant_id, $resource, $approved_by, $approved_at);
