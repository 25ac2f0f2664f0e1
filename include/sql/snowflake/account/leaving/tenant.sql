-- A tenant that leaves: who sees its rows, the stage of its files, and the role of its analysts, with what was granted to it
-- and whoever had it.
use role mercurios_policy_admin;

use warehouse mercurios_loading_wh;

delete from {{ database | ident }}.policies.tenant_access
where tenant_id = '{{ tenant.id }}';

use role sysadmin;

drop stage if exists {{ database | ident }}.landing.{{ tenant.stage | ident }};

use role useradmin;

drop role if exists {{ tenant.analyst | ident }};
