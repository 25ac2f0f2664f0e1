-- A tenant: a role for its analysts, who read its published marts and no other tenant's, and the roles that see its rows.
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
