-- A newer run failed its checks; what readers see stays as it is.
update published.publication_status
set
    status = 'stale',
    stale_since = coalesce(stale_since, cast($stale_since as timestamp_ntz)),
    stale_run_id = $run_id,
    reason = $reason
where tenant_id = $tenant_id;
