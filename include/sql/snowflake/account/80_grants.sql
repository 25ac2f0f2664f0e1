-- Who may do what in a database. Reading is granted on the tables there are and on those to come; the policies decide
-- about rows and values. Whoever creates a table owns it, which is why the loader needs no grant to write.
use role securityadmin;

-- The loader: creates and fills tables in all schemas but Fivetran's, reads the landing area, attaches policies.
grant usage on database {{ database | ident }} to role mercurios_loader;

{% for schema in ['raw', 'standard', 'analytics', 'published', 'ops'] %}
grant usage, create table, create view on schema {{ database | ident }}.{{ schema }} to role mercurios_loader;

{% endfor %}
grant usage on stage {{ database | ident }}.ops.landing to role mercurios_loader;

grant usage on file format {{ database | ident }}.ops.landed_parquet to role mercurios_loader;

grant apply on row access policy {{ database | ident }}.ops.tenant_rows to role mercurios_loader;

{% for policy in masking_policies %}
grant apply on masking policy {{ database | ident }}.ops.{{ policy.name | ident }} to role mercurios_loader;

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

{% for schema in schemas %}
grant usage on schema {{ database | ident }}.{{ schema.name | ident }} to role mercurios_developer;

{% for kind in ['tables', 'views'] %}
grant select on all {{ kind }} in schema {{ database | ident }}.{{ schema.name | ident }} to role mercurios_developer;

grant select on future {{ kind }} in schema {{ database | ident }}.{{ schema.name | ident }} to role mercurios_developer;

{% endfor %}
{% endfor %}
-- Fivetran: writes its own log; no tenant's data comes through it yet.
grant usage on database {{ database | ident }} to role mercurios_fivetran_service;

grant usage, create table, create view on schema {{ database | ident }}.fivetran_log to role mercurios_fivetran_service;
