-- A start of a run takes the next fence; starting a run again makes its older attempts unloadable.
insert into ops.run (tenant_id, run_id, dag_id, fence, started_at)
values ($tenant_id, $run_id, $dag_id, 1, $started_at)
on conflict (tenant_id, run_id) do update set
    fence = run.fence + 1,
    started_at = excluded.started_at;
