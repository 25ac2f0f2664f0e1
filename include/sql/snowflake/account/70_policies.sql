-- Who sees which rows and which values. A policy counts the role that a session has taken on, never one it inherits.
use role securityadmin;

-- To tag schemas and columns; it reads no table.
{% for schema in schemas %}
{% if schema.owner != 'mercurios_policy_admin' %}
grant usage on schema {{ database | ident }}.{{ schema.name | ident }} to role mercurios_policy_admin;

{% endif %}
{% endfor %}
use role mercurios_policy_admin;

create tag if not exists {{ database | ident }}.policies.personal
    allowed_values 'identity', 'attribute'
    comment = 'Column that says who a person is, or something about a person';

create tag if not exists {{ database | ident }}.policies.layer
    allowed_values {{ layers }}
    comment = 'What a schema holds';

{% for schema in schemas %}
alter schema {{ database | ident }}.{{ schema.name | ident }} set tag {{ database | ident }}.policies.layer = '{{ schema.name }}';

{% endfor %}
create table if not exists {{ database | ident }}.policies.tenant_access (
    role_name varchar not null,
    tenant_id varchar not null
) comment = 'Which role sees the rows of which tenant; written by 85_tenant.sql alone';

-- HAZARD: the argument must not have the name of a column of the mapping table. Inside the subquery such a name would
-- mean the column, the comparison would always hold, and every listed role would see every tenant.
-- The loader passes: a MERGE that does not see a tenant's rows would insert them a second time. What it may write is
-- for its own tenant guard to say.
{% set row_rule %}
current_role() = '{{ loader | upper }}'
or exists (
    select 1
    from {{ database | ident }}.policies.tenant_access as access_list
    where
        access_list.role_name = current_role()
        and access_list.tenant_id = row_tenant_id
)
{%- endset %}
create row access policy if not exists {{ database | ident }}.policies.tenant_rows
as (row_tenant_id varchar) returns boolean ->
{{ row_rule }};

alter row access policy {{ database | ident }}.policies.tenant_rows set body ->
{{ row_rule }};

-- Clear text is for the role that has to compare and hash it. Every other role reads null, owners and administrators too.
{% for policy in masking_policies %}
create masking policy if not exists {{ database | ident }}.policies.{{ policy.name | ident }}
as (personal {{ policy.type }}) returns {{ policy.type }} ->
case when current_role() = '{{ loader | upper }}' then personal end;

alter masking policy {{ database | ident }}.policies.{{ policy.name | ident }} set body ->
case when current_role() = '{{ loader | upper }}' then personal end;

{% endfor %}
