-- Who may do what in a database. Reading is granted on the tables there are and on those to come; the policies decide
-- about rows and values. Whoever creates a table owns it, which is why the loader needs no grant to write.
use role securityadmin;

-- The loader: creates and fills tables in all schemas but Fivetran's, reads its tenants' landing areas, attaches policies.
grant usage on database {{ database | ident }} to role {{ loader | ident }};

{% for schema in ['raw', 'standard', 'analytics', 'published', 'ops'] %}
grant usage, create table, create view on schema {{ database | ident }}.{{ schema }} to role {{ loader | ident }};

{% endfor %}
grant usage on schema {{ database | ident }}.landing to role {{ loader | ident }};

grant usage on schema {{ database | ident }}.policies to role {{ loader | ident }};

grant apply on row access policy {{ database | ident }}.policies.tenant_rows to role {{ loader | ident }};

{% for policy in masking_policies %}
grant apply on masking policy {{ database | ident }}.policies.{{ policy.name | ident }} to role {{ loader | ident }};

{% endfor %}
-- The analyst: reads the marts that have passed their checks.
grant usage on database {{ database | ident }} to role mercurios_analyst;

grant usage on schema {{ database | ident }}.published to role mercurios_analyst;

{% for kind in ['tables', 'views'] %}
grant select on all {{ kind }} in schema {{ database | ident }}.published to role mercurios_analyst;

grant select on future {{ kind }} in schema {{ database | ident }}.published to role mercurios_analyst;

{% endfor %}
-- The developer: reads everything, persons masked, and writes nothing.
grant usage on database {{ database | ident }} to role mercurios_developer;

{% for schema in schemas if schema.name not in ['policies', 'landing'] %}
grant usage on schema {{ database | ident }}.{{ schema.name | ident }} to role mercurios_developer;

{% for kind in ['tables', 'views'] %}
grant select on all {{ kind }} in schema {{ database | ident }}.{{ schema.name | ident }} to role mercurios_developer;

grant select on future {{ kind }} in schema {{ database | ident }}.{{ schema.name | ident }} to role mercurios_developer;

{% endfor %}
{% endfor %}
-- Fivetran: writes its own log; no tenant's data comes through it yet. It makes no schema: what it created there would be
-- its own, without policies, beside the rows of every tenant.
grant usage on database {{ database | ident }} to role mercurios_fivetran_service;

grant usage, create table, create view on schema {{ database | ident }}.fivetran_log to role mercurios_fivetran_service;
