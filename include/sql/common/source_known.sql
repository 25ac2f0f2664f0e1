-- The API that a tenant's rows in RAW were read from.
select source
from ops.source
where tenant_id = $tenant_id;
