insert into ops.model_monitor (tenant_id, run_id, origin_week, metric, value, measured_at)
values ($tenant_id, $run_id, $origin_week, $metric, $value, $measured_at);
