use role mercurios_policy_admin;

use warehouse mercurios_loading_wh;

-- Who sees the tenant's rows.
select count(*) as tenant_rows
from {{ database | ident }}.policies.tenant_access
where tenant_id = '{{ tenant.id }}';
