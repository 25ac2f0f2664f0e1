-- What the source's own clock showed to the newest other run of this tenant that loaded something, and when that run began.
select
    source_now,
    started_at
from ops.run
where
    tenant_id = $tenant_id
    and run_id <> $run_id
    and source_now is not null
order by
    started_at desc,
    fence desc
limit 1;
