-- The tenants that have run in this warehouse.
select distinct tenant_id
from ops.run
order by tenant_id;
