-- What tables carry beyond their columns: masks and tags on personal data, clustering by tenant and date. A table that
-- is not there yet is left for the next run of this file, after the loader or dbt has created it. The row access policy
-- is not here: a table gets it from the one that creates it, before any role can read it.
use role {{ loader | ident }};

{% for column in personal_columns %}
alter table if exists {{ database | ident }}.{{ column.table }} modify column {{ column.name | ident }}
    set masking policy {{ database | ident }}.policies.{{ column.policy | ident }} force;

{% endfor %}
{% for table in clustered_tables %}
alter table if exists {{ database | ident }}.{{ table.name }} cluster by (tenant_id, {{ table.date | ident }});

{% endfor %}
use role mercurios_policy_admin;

{% for column in personal_columns %}
alter table if exists {{ database | ident }}.{{ column.table }} modify column {{ column.name | ident }}
    set tag {{ database | ident }}.policies.personal = '{{ column.tag }}';

{% endfor %}
