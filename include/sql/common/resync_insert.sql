insert into ops.resync_request (tenant_id, resource, requested_by, requested_at)
values ($tenant_id, $resource, $requested_by, $requested_at);
