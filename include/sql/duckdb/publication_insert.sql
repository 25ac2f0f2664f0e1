insert into ops.publication (
    tenant_id,
    run_id,
    dag_id,
    published_at,
    last_complete_week,
    closes_week,
    basis,
    verified_at
) values (
    $tenant_id,
    $run_id,
    $dag_id,
    $published_at,
    $last_complete_week,
    $closes_week,
    $basis,
    $published_at
)
on conflict (tenant_id, run_id, dag_id) do update set
    published_at = excluded.published_at,
    basis = excluded.basis,
    verified_at = excluded.verified_at;
