insert into ops.source (tenant_id, source, run_id)
values ($tenant_id, $source, $run_id);
