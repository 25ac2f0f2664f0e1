-- A tenant that leaves: who sees its rows, and the role of its analysts, with whatever was granted to it and whoever had it.
use role mercurios_policy_admin;

use warehouse mercurios_loading_wh;

delete from {{ database | ident }}.policies.tenant_access
where tenant_id = '{{ tenant.id }}';

use role useradmin;

drop role if exists {{ tenant.analyst | ident }};
