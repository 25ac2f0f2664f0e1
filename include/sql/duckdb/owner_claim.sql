-- A file without an owner becomes that of the tenant whose runs it holds, and a new one that of the tenant who asks.
insert into ops.owner (tenant_id)
select coalesce(min(run.tenant_id), $tenant_id) as tenant_id
from ops.run as run
having not exists (select 1 from ops.owner);
