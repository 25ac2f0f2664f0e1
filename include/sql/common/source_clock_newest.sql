-- The newest time that the source's own clock has shown to a run of this tenant.
select max(source_now) as source_now
from ops.run
where tenant_id = $tenant_id;
