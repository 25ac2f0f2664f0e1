-- What the source's own clock showed to the newest run of this tenant that loaded something.
select source_now
from ops.run
where
    tenant_id = $tenant_id
    and source_now is not null
order by
    started_at desc,
    fence desc
limit 1;
