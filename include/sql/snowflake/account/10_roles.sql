-- Roles. They are fixed and few: a person or service takes on one of them, an analyst the one of a tenant (85_tenant.sql).
-- None is granted to another of these, so that no one inherits rows or clear text; only SYSADMIN stands above them all,
-- which lets account administrators manage what they own.
use role useradmin;

{% for role in roles %}
create role if not exists {{ role.name | ident }} comment = '{{ role.purpose }}';

{% endfor %}
use role securityadmin;

{% for role in roles %}
grant role {{ role.name | ident }} to role sysadmin;

{% endfor %}

-- Tags are set by the owner of the policies, on columns of tables that the loader owns.
grant apply tag on account to role mercurios_policy_admin;
