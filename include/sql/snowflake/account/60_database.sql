-- A database and its schemas. In a schema with managed access only these files decide who may read what: the owner of a
-- table cannot grant anything on it.
use role sysadmin;

create database if not exists {{ database | ident }}
    data_retention_time_in_days = {{ retention_days }}
    comment = 'Mercurios';

use role securityadmin;

grant usage, monitor, create schema on database {{ database | ident }} to role mercurios_admin;

-- Whoever owns a schema with managed access decides who reads it, and whoever owns a policy decides what it shows. They are
-- two roles, so that neither alone opens a tenant's rows.
grant usage, create schema on database {{ database | ident }} to role mercurios_policy_admin;

{% for schema in schemas %}
{% if loop.changed(schema.owner) %}
use role {{ schema.owner | ident }};

{% endif %}
create schema if not exists {{ database | ident }}.{{ schema.name | ident }} with managed access comment = '{{ schema.purpose }}';

{% endfor %}
