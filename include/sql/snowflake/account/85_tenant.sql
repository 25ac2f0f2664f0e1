-- A tenant: the stage that shows its own files, a role for its analysts, who read its published marts and no other tenant's,
-- and the roles that see its rows.
--
-- HAZARD: files are not behind any policy. A stage shows one tenant's folder, so that a loader reads no file of a tenant in
-- another database, and its owner is a system role, because every owner reads it.
use role sysadmin;

create stage if not exists {{ database | ident }}.landing.{{ tenant.stage | ident }}
    url = {{ tenant.landing | literal }}
    storage_integration = mercurios_landing
    comment = 'Parts and manifests of tenant {{ tenant.id }}';

alter stage {{ database | ident }}.landing.{{ tenant.stage | ident }} set
    url = {{ tenant.landing | literal }}
    storage_integration = mercurios_landing;

use role securityadmin;

grant usage on stage {{ database | ident }}.landing.{{ tenant.stage | ident }} to role {{ loader | ident }};

use role useradmin;

create role if not exists {{ tenant.analyst | ident }} comment = 'Reads the published marts of tenant {{ tenant.id }}';

use role securityadmin;

grant role mercurios_analyst to role {{ tenant.analyst | ident }};

grant role {{ tenant.analyst | ident }} to role sysadmin;

use role mercurios_policy_admin;

use warehouse mercurios_loading_wh;

merge into {{ database | ident }}.policies.tenant_access as known
using (
    {% for role in tenant.readers %}
    select
        '{{ role }}' as role_name,
        '{{ tenant.id }}' as tenant_id
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
) as wanted
    on
        known.role_name = wanted.role_name
        and known.tenant_id = wanted.tenant_id
when not matched then
    insert (role_name, tenant_id) values (wanted.role_name, wanted.tenant_id);
