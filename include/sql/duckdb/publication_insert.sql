insert into ops.publication (
    tenant_id,
    run_id,
    dag_id,
    published_at,
    last_complete_week,
    closes_week
) values (
    $tenant_id,
    $run_id,
    $dag_id,
    $published_at,
    $last_complete_week,
    $closes_week
)
on conflict (tenant_id, run_id, dag_id) do update set
    published_at = excluded.published_at;
