-- Every retailer that the warehouse holds and the session may see.
select tenant_id
from raw.tenant
order by tenant_id;
