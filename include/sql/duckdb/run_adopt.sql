-- A run that another warehouse began: known here from its manifest on, with the start the manifest belongs to.
insert into ops.run (tenant_id, run_id, dag_id, fence, started_at)
values ($tenant_id, $run_id, $dag_id, $fence, $started_at)
on conflict (tenant_id, run_id) do nothing;
