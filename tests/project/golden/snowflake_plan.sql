-- 10_roles, as useradmin

create role if not exists mercurios_admin comment = 'Owns schemas of data, and decides who reads them; reads no rows';

create role if not exists mercurios_policy_admin comment = 'Owns policies, tags and who sees which tenant; owns no data and reads none';

create role if not exists mercurios_developer comment = 'Reads everything of every tenant, persons masked; writes nothing';

create role if not exists mercurios_analyst comment = 'Reads published marts; sees rows only through the role of a tenant';

create role if not exists mercurios_fivetran_service comment = 'Service of Fivetran: its log';

create role if not exists mercurios_loader comment = 'Loads RAW of MERCURIOS_DATA and builds its marts; sees what it has to compare';

create role if not exists mercurios_loader_solo_data comment = 'Loads RAW of SOLO_DATA and builds its marts; sees what it has to compare';

-- 10_roles, as securityadmin

grant role mercurios_admin to role sysadmin;

grant role mercurios_policy_admin to role sysadmin;

grant role mercurios_developer to role sysadmin;

grant role mercurios_analyst to role sysadmin;

grant role mercurios_fivetran_service to role sysadmin;

grant role mercurios_loader to role sysadmin;

grant role mercurios_loader_solo_data to role sysadmin;

grant apply tag on account to role mercurios_policy_admin;

-- 20_resource_monitors, as accountadmin

create resource monitor if not exists mercurios_loading_monitor with
    credit_quota = 50
    frequency = monthly
    start_timestamp = immediately
    triggers
    on 80 percent do notify
    on 100 percent do suspend
    on 110 percent do suspend_immediate;

alter resource monitor mercurios_loading_monitor set credit_quota = 50;

create resource monitor if not exists mercurios_analytics_monitor with
    credit_quota = 50
    frequency = monthly
    start_timestamp = immediately
    triggers
    on 80 percent do notify
    on 100 percent do suspend
    on 110 percent do suspend_immediate;

alter resource monitor mercurios_analytics_monitor set credit_quota = 50;

create resource monitor if not exists mercurios_dev_monitor with
    credit_quota = 50
    frequency = monthly
    start_timestamp = immediately
    triggers
    on 80 percent do notify
    on 100 percent do suspend
    on 110 percent do suspend_immediate;

alter resource monitor mercurios_dev_monitor set credit_quota = 50;

create resource monitor if not exists mercurios_account_monitor with
    credit_quota = 150
    frequency = monthly
    start_timestamp = immediately
    triggers
    on 80 percent do notify
    on 100 percent do suspend
    on 110 percent do suspend_immediate;

alter resource monitor mercurios_account_monitor set credit_quota = 150;

alter account set resource_monitor = mercurios_account_monitor;

-- 30_warehouses, as sysadmin

create warehouse if not exists mercurios_loading_wh with
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    comment = 'Loads and models';

alter warehouse mercurios_loading_wh set
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    statement_timeout_in_seconds = 3600;

create warehouse if not exists mercurios_analytics_wh with
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    comment = 'Answers people';

alter warehouse mercurios_analytics_wh set
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    statement_timeout_in_seconds = 3600;

create warehouse if not exists mercurios_dev_wh with
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    initially_suspended = true
    comment = 'Trials of developers';

alter warehouse mercurios_dev_wh set
    warehouse_size = 'XSMALL'
    auto_suspend = 60
    auto_resume = true
    statement_timeout_in_seconds = 3600;

-- 30_warehouses, as accountadmin

alter warehouse mercurios_loading_wh set resource_monitor = mercurios_loading_monitor;

alter warehouse mercurios_analytics_wh set resource_monitor = mercurios_analytics_monitor;

alter warehouse mercurios_dev_wh set resource_monitor = mercurios_dev_monitor;

-- 30_warehouses, as securityadmin

grant usage on warehouse mercurios_loading_wh to role mercurios_policy_admin;

grant usage, operate, monitor on warehouse mercurios_loading_wh to role mercurios_admin;

grant usage on warehouse mercurios_loading_wh to role mercurios_loader;

grant usage on warehouse mercurios_loading_wh to role mercurios_loader_solo_data;

grant usage on warehouse mercurios_loading_wh to role mercurios_fivetran_service;

grant usage, operate, monitor on warehouse mercurios_analytics_wh to role mercurios_admin;

grant usage on warehouse mercurios_analytics_wh to role mercurios_analyst;

grant usage, operate, monitor on warehouse mercurios_dev_wh to role mercurios_admin;

grant usage on warehouse mercurios_dev_wh to role mercurios_developer;

-- 40_storage, as accountadmin

alter account set prevent_unload_to_inline_url = true;

alter account set require_storage_integration_for_stage_creation = true;

alter account set require_storage_integration_for_stage_operation = true;

create storage integration if not exists mercurios_landing
    type = external_stage
    storage_provider = 'S3'
    enabled = true
    storage_aws_role_arn = 'arn:aws:iam::123456789012:role/synthetic-landing-reader'
    storage_allowed_locations = ('s3://synthetic-landing/mercurios/')
    comment = 'Reads what the extraction lands on S3';

alter storage integration mercurios_landing set
    storage_aws_role_arn = 'arn:aws:iam::123456789012:role/synthetic-landing-reader'
    enabled = true
    storage_allowed_locations = ('s3://synthetic-landing/mercurios/');

-- 40_storage, as securityadmin

grant usage on integration mercurios_landing to role sysadmin;

-- 50_users, as useradmin

create user if not exists mercurios_loader_service
    type = service
    default_role = mercurios_loader
    default_warehouse = mercurios_loading_wh
    comment = 'The service that signs in as mercurios_loader';

alter user mercurios_loader_service set default_secondary_roles = ();

-- 50_users, as securityadmin

grant role mercurios_loader to user mercurios_loader_service;

create network policy if not exists mercurios_loader_network
    allowed_ip_list = ('203.0.113.0/28')
    comment = 'Where mercurios_loader_service may sign in from';

alter network policy mercurios_loader_network set allowed_ip_list = ('203.0.113.0/28');

alter user mercurios_loader_service set network_policy = mercurios_loader_network;

alter user mercurios_loader_service set rsa_public_key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAm8M5lXQJkLZLCHhHDtHvYOZY6t5qlpOcIsx9filnvN5EqXiPXEBUvCYVesEzs3tgSlErbFMOPGYqu+o6KNMEvB+Ln+NvGmYD+66kc7wCF+bQXnjJu125kAgtPonpV1dc6EhnK54j+aYsoYnRlaxP1lgnk1F/o9aTf70JhT19avG/Bhc8oVJOWm8r9j9T0BO1aUUsYGXzi4n5Aqe2RV89Jczn1KgHQShn1CMmXzIuU5ZXgPeAnSIGoLZT9O7GRunCXnqlbet2TME5+gtqx5eBJEegqYNL3+Qi8Hjxek5y7nR4TNUTFUdYCOpzj6Lq5z15GUl5hbk9LAB5L4m8XIYmQQIDAQAB';

alter user mercurios_loader_service unset rsa_public_key_2;

-- 50_users, as useradmin

create user if not exists mercurios_loader_solo_data_service
    type = service
    default_role = mercurios_loader_solo_data
    default_warehouse = mercurios_loading_wh
    comment = 'The service that signs in as mercurios_loader_solo_data';

alter user mercurios_loader_solo_data_service set default_secondary_roles = ();

-- 50_users, as securityadmin

grant role mercurios_loader_solo_data to user mercurios_loader_solo_data_service;

create network policy if not exists mercurios_loader_solo_data_network
    allowed_ip_list = ('203.0.113.0/28')
    comment = 'Where mercurios_loader_solo_data_service may sign in from';

alter network policy mercurios_loader_solo_data_network set allowed_ip_list = ('203.0.113.0/28');

alter user mercurios_loader_solo_data_service set network_policy = mercurios_loader_solo_data_network;

alter user mercurios_loader_solo_data_service set rsa_public_key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAm8M5lXQJkLZLCHhHDtHvYOZY6t5qlpOcIsx9filnvN5EqXiPXEBUvCYVesEzs3tgSlErbFMOPGYqu+o6KNMEvB+Ln+NvGmYD+66kc7wCF+bQXnjJu125kAgtPonpV1dc6EhnK54j+aYsoYnRlaxP1lgnk1F/o9aTf70JhT19avG/Bhc8oVJOWm8r9j9T0BO1aUUsYGXzi4n5Aqe2RV89Jczn1KgHQShn1CMmXzIuU5ZXgPeAnSIGoLZT9O7GRunCXnqlbet2TME5+gtqx5eBJEegqYNL3+Qi8Hjxek5y7nR4TNUTFUdYCOpzj6Lq5z15GUl5hbk9LAB5L4m8XIYmQQIDAQAB';

alter user mercurios_loader_solo_data_service unset rsa_public_key_2;

-- 50_users, as useradmin

create user if not exists mercurios_fivetran_service_user
    type = service
    default_role = mercurios_fivetran_service
    default_warehouse = mercurios_loading_wh
    comment = 'The service that signs in as mercurios_fivetran_service';

alter user mercurios_fivetran_service_user set default_secondary_roles = ();

alter user mercurios_fivetran_service_user set binary_input_format = 'BASE64';

alter user mercurios_fivetran_service_user set timestamp_input_format = 'AUTO';

-- 50_users, as securityadmin

grant role mercurios_fivetran_service to user mercurios_fivetran_service_user;

create network policy if not exists mercurios_fivetran_network
    allowed_ip_list = ('203.0.113.0/28')
    comment = 'Where mercurios_fivetran_service_user may sign in from';

alter network policy mercurios_fivetran_network set allowed_ip_list = ('203.0.113.0/28');

alter user mercurios_fivetran_service_user set network_policy = mercurios_fivetran_network;

alter user mercurios_fivetran_service_user set rsa_public_key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAm8M5lXQJkLZLCHhHDtHvYOZY6t5qlpOcIsx9filnvN5EqXiPXEBUvCYVesEzs3tgSlErbFMOPGYqu+o6KNMEvB+Ln+NvGmYD+66kc7wCF+bQXnjJu125kAgtPonpV1dc6EhnK54j+aYsoYnRlaxP1lgnk1F/o9aTf70JhT19avG/Bhc8oVJOWm8r9j9T0BO1aUUsYGXzi4n5Aqe2RV89Jczn1KgHQShn1CMmXzIuU5ZXgPeAnSIGoLZT9O7GRunCXnqlbet2TME5+gtqx5eBJEegqYNL3+Qi8Hjxek5y7nR4TNUTFUdYCOpzj6Lq5z15GUl5hbk9LAB5L4m8XIYmQQIDAQAB';

alter user mercurios_fivetran_service_user unset rsa_public_key_2;

-- 60_database, as sysadmin

create database if not exists mercurios_data
    data_retention_time_in_days = 7
    comment = 'Mercurios';

-- 60_database, as securityadmin

grant usage, monitor, create schema on database mercurios_data to role mercurios_admin;

grant usage, create schema on database mercurios_data to role mercurios_policy_admin;

-- 60_database, as mercurios_admin

create schema if not exists mercurios_data.raw with managed access comment = 'Source rows as they were read';

create schema if not exists mercurios_data.standard with managed access comment = 'Cleaned and conformed rows';

create schema if not exists mercurios_data.analytics with managed access comment = 'Marts as a run builds them, before they are checked';

create schema if not exists mercurios_data.published with managed access comment = 'Marts as people read them, replaced when a run has passed its checks';

create schema if not exists mercurios_data.ops with managed access comment = 'Bookkeeping of runs';

-- 60_database, as sysadmin

create schema if not exists mercurios_data.landing with managed access comment = 'A stage for each tenant, which shows the files of its runs';

-- 60_database, as mercurios_policy_admin

create schema if not exists mercurios_data.policies with managed access comment = 'Who sees which rows and which values';

-- 60_database, as mercurios_admin

create schema if not exists mercurios_data.fivetran_log with managed access comment = 'What Fivetran says about its own runs';

-- 70_policies, as securityadmin

grant usage on schema mercurios_data.raw to role mercurios_policy_admin;

grant usage on schema mercurios_data.standard to role mercurios_policy_admin;

grant usage on schema mercurios_data.analytics to role mercurios_policy_admin;

grant usage on schema mercurios_data.published to role mercurios_policy_admin;

grant usage on schema mercurios_data.ops to role mercurios_policy_admin;

grant usage on schema mercurios_data.landing to role mercurios_policy_admin;

grant usage on schema mercurios_data.fivetran_log to role mercurios_policy_admin;

-- 70_policies, as mercurios_policy_admin

create tag if not exists mercurios_data.policies.personal
    allowed_values 'identity', 'attribute'
    comment = 'Column that says who a person is, or something about a person';

create tag if not exists mercurios_data.policies.layer
    allowed_values 'raw', 'standard', 'analytics', 'published', 'ops', 'landing', 'policies', 'fivetran_log'
    comment = 'What a schema holds';

alter schema mercurios_data.raw set tag mercurios_data.policies.layer = 'raw';

alter schema mercurios_data.standard set tag mercurios_data.policies.layer = 'standard';

alter schema mercurios_data.analytics set tag mercurios_data.policies.layer = 'analytics';

alter schema mercurios_data.published set tag mercurios_data.policies.layer = 'published';

alter schema mercurios_data.ops set tag mercurios_data.policies.layer = 'ops';

alter schema mercurios_data.landing set tag mercurios_data.policies.layer = 'landing';

alter schema mercurios_data.policies set tag mercurios_data.policies.layer = 'policies';

alter schema mercurios_data.fivetran_log set tag mercurios_data.policies.layer = 'fivetran_log';

create table if not exists mercurios_data.policies.tenant_access (
    role_name varchar not null,
    tenant_id varchar not null
) comment = 'Which role sees the rows of which tenant; written by 85_tenant.sql alone';

create row access policy if not exists mercurios_data.policies.tenant_rows
as (row_tenant_id varchar) returns boolean ->
current_role() = 'MERCURIOS_LOADER'
or exists (
    select 1
    from mercurios_data.policies.tenant_access as access_list
    where
        access_list.role_name = current_role()
        and access_list.tenant_id = row_tenant_id
);

alter row access policy mercurios_data.policies.tenant_rows set body ->
current_role() = 'MERCURIOS_LOADER'
or exists (
    select 1
    from mercurios_data.policies.tenant_access as access_list
    where
        access_list.role_name = current_role()
        and access_list.tenant_id = row_tenant_id
);

create masking policy if not exists mercurios_data.policies.personal_text
as (personal varchar) returns varchar ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

alter masking policy mercurios_data.policies.personal_text set body ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

create masking policy if not exists mercurios_data.policies.personal_number
as (personal number(38, 0)) returns number(38, 0) ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

alter masking policy mercurios_data.policies.personal_number set body ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

create masking policy if not exists mercurios_data.policies.personal_amount
as (personal number(18, 2)) returns number(18, 2) ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

alter masking policy mercurios_data.policies.personal_amount set body ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

create masking policy if not exists mercurios_data.policies.personal_flag
as (personal boolean) returns boolean ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

alter masking policy mercurios_data.policies.personal_flag set body ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

create masking policy if not exists mercurios_data.policies.personal_date
as (personal date) returns date ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

alter masking policy mercurios_data.policies.personal_date set body ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

create masking policy if not exists mercurios_data.policies.personal_document
as (personal variant) returns variant ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

alter masking policy mercurios_data.policies.personal_document set body ->
case when current_role() = 'MERCURIOS_LOADER' then personal end;

-- 80_grants, as securityadmin

grant usage on database mercurios_data to role mercurios_loader;

grant usage, create table, create view on schema mercurios_data.raw to role mercurios_loader;

grant usage, create table, create view on schema mercurios_data.standard to role mercurios_loader;

grant usage, create table, create view on schema mercurios_data.analytics to role mercurios_loader;

grant usage, create table, create view on schema mercurios_data.published to role mercurios_loader;

grant usage, create table, create view on schema mercurios_data.ops to role mercurios_loader;

grant usage on schema mercurios_data.landing to role mercurios_loader;

grant usage on schema mercurios_data.policies to role mercurios_loader;

grant apply on row access policy mercurios_data.policies.tenant_rows to role mercurios_loader;

grant apply on masking policy mercurios_data.policies.personal_text to role mercurios_loader;

grant apply on masking policy mercurios_data.policies.personal_number to role mercurios_loader;

grant apply on masking policy mercurios_data.policies.personal_amount to role mercurios_loader;

grant apply on masking policy mercurios_data.policies.personal_flag to role mercurios_loader;

grant apply on masking policy mercurios_data.policies.personal_date to role mercurios_loader;

grant apply on masking policy mercurios_data.policies.personal_document to role mercurios_loader;

grant usage on database mercurios_data to role mercurios_analyst;

grant usage on schema mercurios_data.published to role mercurios_analyst;

grant select on all tables in schema mercurios_data.published to role mercurios_analyst;

grant select on future tables in schema mercurios_data.published to role mercurios_analyst;

grant select on all views in schema mercurios_data.published to role mercurios_analyst;

grant select on future views in schema mercurios_data.published to role mercurios_analyst;

grant usage on database mercurios_data to role mercurios_developer;

grant usage on schema mercurios_data.raw to role mercurios_developer;

grant select on all tables in schema mercurios_data.raw to role mercurios_developer;

grant select on future tables in schema mercurios_data.raw to role mercurios_developer;

grant select on all views in schema mercurios_data.raw to role mercurios_developer;

grant select on future views in schema mercurios_data.raw to role mercurios_developer;

grant usage on schema mercurios_data.standard to role mercurios_developer;

grant select on all tables in schema mercurios_data.standard to role mercurios_developer;

grant select on future tables in schema mercurios_data.standard to role mercurios_developer;

grant select on all views in schema mercurios_data.standard to role mercurios_developer;

grant select on future views in schema mercurios_data.standard to role mercurios_developer;

grant usage on schema mercurios_data.analytics to role mercurios_developer;

grant select on all tables in schema mercurios_data.analytics to role mercurios_developer;

grant select on future tables in schema mercurios_data.analytics to role mercurios_developer;

grant select on all views in schema mercurios_data.analytics to role mercurios_developer;

grant select on future views in schema mercurios_data.analytics to role mercurios_developer;

grant usage on schema mercurios_data.published to role mercurios_developer;

grant select on all tables in schema mercurios_data.published to role mercurios_developer;

grant select on future tables in schema mercurios_data.published to role mercurios_developer;

grant select on all views in schema mercurios_data.published to role mercurios_developer;

grant select on future views in schema mercurios_data.published to role mercurios_developer;

grant usage on schema mercurios_data.ops to role mercurios_developer;

grant select on all tables in schema mercurios_data.ops to role mercurios_developer;

grant select on future tables in schema mercurios_data.ops to role mercurios_developer;

grant select on all views in schema mercurios_data.ops to role mercurios_developer;

grant select on future views in schema mercurios_data.ops to role mercurios_developer;

grant usage on schema mercurios_data.fivetran_log to role mercurios_developer;

grant select on all tables in schema mercurios_data.fivetran_log to role mercurios_developer;

grant select on future tables in schema mercurios_data.fivetran_log to role mercurios_developer;

grant select on all views in schema mercurios_data.fivetran_log to role mercurios_developer;

grant select on future views in schema mercurios_data.fivetran_log to role mercurios_developer;

grant usage on database mercurios_data to role mercurios_fivetran_service;

grant usage, create table, create view on schema mercurios_data.fivetran_log to role mercurios_fivetran_service;

-- 85_tenant, as sysadmin

create stage if not exists mercurios_data.landing.tenant_north
    url = 's3://synthetic-landing/mercurios/north/tenant=north/'
    storage_integration = mercurios_landing
    comment = 'Parts and manifests of tenant north';

alter stage mercurios_data.landing.tenant_north set
    url = 's3://synthetic-landing/mercurios/north/tenant=north/'
    storage_integration = mercurios_landing;

-- 85_tenant, as securityadmin

grant usage on stage mercurios_data.landing.tenant_north to role mercurios_loader;

-- 85_tenant, as useradmin

create role if not exists mercurios_analyst_north comment = 'Reads the published marts of tenant north';

-- 85_tenant, as securityadmin

grant role mercurios_analyst to role mercurios_analyst_north;

grant role mercurios_analyst_north to role sysadmin;

-- 85_tenant, as mercurios_policy_admin

use warehouse mercurios_loading_wh;

merge into mercurios_data.policies.tenant_access as known
using (
    select
        'MERCURIOS_ANALYST_NORTH' as role_name,
        'north' as tenant_id
    union all
    select
        'MERCURIOS_DEVELOPER' as role_name,
        'north' as tenant_id
) as wanted
    on
        known.role_name = wanted.role_name
        and known.tenant_id = wanted.tenant_id
when not matched then
    insert (role_name, tenant_id) values (wanted.role_name, wanted.tenant_id);

-- 85_tenant, as sysadmin

create stage if not exists mercurios_data.landing.tenant_south
    url = 's3://synthetic-landing/mercurios/south/tenant=south/'
    storage_integration = mercurios_landing
    comment = 'Parts and manifests of tenant south';

alter stage mercurios_data.landing.tenant_south set
    url = 's3://synthetic-landing/mercurios/south/tenant=south/'
    storage_integration = mercurios_landing;

-- 85_tenant, as securityadmin

grant usage on stage mercurios_data.landing.tenant_south to role mercurios_loader;

-- 85_tenant, as useradmin

create role if not exists mercurios_analyst_south comment = 'Reads the published marts of tenant south';

-- 85_tenant, as securityadmin

grant role mercurios_analyst to role mercurios_analyst_south;

grant role mercurios_analyst_south to role sysadmin;

-- 85_tenant, as mercurios_policy_admin

use warehouse mercurios_loading_wh;

merge into mercurios_data.policies.tenant_access as known
using (
    select
        'MERCURIOS_ANALYST_SOUTH' as role_name,
        'south' as tenant_id
    union all
    select
        'MERCURIOS_DEVELOPER' as role_name,
        'south' as tenant_id
) as wanted
    on
        known.role_name = wanted.role_name
        and known.tenant_id = wanted.tenant_id
when not matched then
    insert (role_name, tenant_id) values (wanted.role_name, wanted.tenant_id);

-- 90_tables, as mercurios_loader

alter table if exists mercurios_data.raw.sale modify column customer_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.sale modify column staff_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.sale modify column cashier_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.sale modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.articlesize modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.article modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.branch modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.category modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.supplier modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.season modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.size modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.label modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.country modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.currency modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.inventory modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.invoice modify column customer_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.invoice modify column staff_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.invoice modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.payment modify column staff_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.payment modify column customer_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.payment modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.credit modify column customer_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.credit modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.voucher modify column customer_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.voucher modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.customer modify column creation_date
    set masking policy mercurios_data.policies.personal_date force;

alter table if exists mercurios_data.raw.customer modify column customer_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.customer modify column inactive_flag
    set masking policy mercurios_data.policies.personal_flag force;

alter table if exists mercurios_data.raw.customer modify column id
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.customer modify column is_business
    set masking policy mercurios_data.policies.personal_flag force;

alter table if exists mercurios_data.raw.customer modify column is_staff
    set masking policy mercurios_data.policies.personal_flag force;

alter table if exists mercurios_data.raw.customer modify column is_locked
    set masking policy mercurios_data.policies.personal_flag force;

alter table if exists mercurios_data.raw.customer modify column country_number
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.customer modify column staff_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.customer modify column group_number
    set masking policy mercurios_data.policies.personal_number force;

alter table if exists mercurios_data.raw.customer modify column customer_type
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.customer modify column discount_group
    set masking policy mercurios_data.policies.personal_number force;

alter table if exists mercurios_data.raw.customer modify column discount_percent
    set masking policy mercurios_data.policies.personal_amount force;

alter table if exists mercurios_data.raw.customer modify column has_customer_card
    set masking policy mercurios_data.policies.personal_flag force;

alter table if exists mercurios_data.raw.customer modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.staff modify column is_active
    set masking policy mercurios_data.policies.personal_flag force;

alter table if exists mercurios_data.raw.staff modify column id
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.staff modify column staff_key
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.staff modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.purchase_order modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.purchase_order_position modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.files_sale modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.files_article modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.files_branch modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.files_stock modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.raw.files_open_order modify column _extra
    set masking policy mercurios_data.policies.personal_document force;

alter table if exists mercurios_data.ops.quarantine modify column source_id
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.ops.quarantine modify column payload
    set masking policy mercurios_data.policies.personal_text force;

alter table if exists mercurios_data.raw.sale cluster by (tenant_id, date);

alter table if exists mercurios_data.raw.inventory cluster by (tenant_id, date);

alter table if exists mercurios_data.raw.invoice cluster by (tenant_id, date);

alter table if exists mercurios_data.raw.payment cluster by (tenant_id, date);

alter table if exists mercurios_data.raw.credit cluster by (tenant_id, date);

alter table if exists mercurios_data.raw.voucher cluster by (tenant_id, date);

alter table if exists mercurios_data.raw.files_sale cluster by (tenant_id, date);

alter table if exists mercurios_data.standard.int_sales_netted cluster by (tenant_id, sold_on);

alter table if exists mercurios_data.analytics.fct_sales cluster by (tenant_id, sold_on);

alter table if exists mercurios_data.analytics.fct_demand_weekly cluster by (tenant_id, week_start);

alter table if exists mercurios_data.analytics.forecast_weekly cluster by (tenant_id, week_start);

alter table if exists mercurios_data.published.fct_sales cluster by (tenant_id, sold_on);

alter table if exists mercurios_data.published.fct_demand_weekly cluster by (tenant_id, week_start);

alter table if exists mercurios_data.published.forecast_weekly cluster by (tenant_id, week_start);

-- 90_tables, as mercurios_policy_admin

alter table if exists mercurios_data.raw.sale modify column customer_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.sale modify column staff_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.sale modify column cashier_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.sale modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.articlesize modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.article modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.branch modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.category modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.supplier modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.season modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.size modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.label modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.country modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.currency modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.inventory modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.invoice modify column customer_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.invoice modify column staff_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.invoice modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.payment modify column staff_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.payment modify column customer_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.payment modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.credit modify column customer_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.credit modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.voucher modify column customer_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.voucher modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column creation_date
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column customer_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.customer modify column inactive_flag
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column id
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.customer modify column is_business
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column is_staff
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column is_locked
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column country_number
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column staff_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.customer modify column group_number
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column customer_type
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column discount_group
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column discount_percent
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column has_customer_card
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.customer modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.staff modify column is_active
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.staff modify column id
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.staff modify column staff_key
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.raw.staff modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.purchase_order modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.purchase_order_position modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.files_sale modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.files_article modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.files_branch modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.files_stock modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.raw.files_open_order modify column _extra
    set tag mercurios_data.policies.personal = 'attribute';

alter table if exists mercurios_data.ops.quarantine modify column source_id
    set tag mercurios_data.policies.personal = 'identity';

alter table if exists mercurios_data.ops.quarantine modify column payload
    set tag mercurios_data.policies.personal = 'attribute';

-- 60_database, as sysadmin

create database if not exists solo_data
    data_retention_time_in_days = 7
    comment = 'Mercurios';

-- 60_database, as securityadmin

grant usage, monitor, create schema on database solo_data to role mercurios_admin;

grant usage, create schema on database solo_data to role mercurios_policy_admin;

-- 60_database, as mercurios_admin

create schema if not exists solo_data.raw with managed access comment = 'Source rows as they were read';

create schema if not exists solo_data.standard with managed access comment = 'Cleaned and conformed rows';

create schema if not exists solo_data.analytics with managed access comment = 'Marts as a run builds them, before they are checked';

create schema if not exists solo_data.published with managed access comment = 'Marts as people read them, replaced when a run has passed its checks';

create schema if not exists solo_data.ops with managed access comment = 'Bookkeeping of runs';

-- 60_database, as sysadmin

create schema if not exists solo_data.landing with managed access comment = 'A stage for each tenant, which shows the files of its runs';

-- 60_database, as mercurios_policy_admin

create schema if not exists solo_data.policies with managed access comment = 'Who sees which rows and which values';

-- 60_database, as mercurios_admin

create schema if not exists solo_data.fivetran_log with managed access comment = 'What Fivetran says about its own runs';

-- 70_policies, as securityadmin

grant usage on schema solo_data.raw to role mercurios_policy_admin;

grant usage on schema solo_data.standard to role mercurios_policy_admin;

grant usage on schema solo_data.analytics to role mercurios_policy_admin;

grant usage on schema solo_data.published to role mercurios_policy_admin;

grant usage on schema solo_data.ops to role mercurios_policy_admin;

grant usage on schema solo_data.landing to role mercurios_policy_admin;

grant usage on schema solo_data.fivetran_log to role mercurios_policy_admin;

-- 70_policies, as mercurios_policy_admin

create tag if not exists solo_data.policies.personal
    allowed_values 'identity', 'attribute'
    comment = 'Column that says who a person is, or something about a person';

create tag if not exists solo_data.policies.layer
    allowed_values 'raw', 'standard', 'analytics', 'published', 'ops', 'landing', 'policies', 'fivetran_log'
    comment = 'What a schema holds';

alter schema solo_data.raw set tag solo_data.policies.layer = 'raw';

alter schema solo_data.standard set tag solo_data.policies.layer = 'standard';

alter schema solo_data.analytics set tag solo_data.policies.layer = 'analytics';

alter schema solo_data.published set tag solo_data.policies.layer = 'published';

alter schema solo_data.ops set tag solo_data.policies.layer = 'ops';

alter schema solo_data.landing set tag solo_data.policies.layer = 'landing';

alter schema solo_data.policies set tag solo_data.policies.layer = 'policies';

alter schema solo_data.fivetran_log set tag solo_data.policies.layer = 'fivetran_log';

create table if not exists solo_data.policies.tenant_access (
    role_name varchar not null,
    tenant_id varchar not null
) comment = 'Which role sees the rows of which tenant; written by 85_tenant.sql alone';

create row access policy if not exists solo_data.policies.tenant_rows
as (row_tenant_id varchar) returns boolean ->
current_role() = 'MERCURIOS_LOADER_SOLO_DATA'
or exists (
    select 1
    from solo_data.policies.tenant_access as access_list
    where
        access_list.role_name = current_role()
        and access_list.tenant_id = row_tenant_id
);

alter row access policy solo_data.policies.tenant_rows set body ->
current_role() = 'MERCURIOS_LOADER_SOLO_DATA'
or exists (
    select 1
    from solo_data.policies.tenant_access as access_list
    where
        access_list.role_name = current_role()
        and access_list.tenant_id = row_tenant_id
);

create masking policy if not exists solo_data.policies.personal_text
as (personal varchar) returns varchar ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

alter masking policy solo_data.policies.personal_text set body ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

create masking policy if not exists solo_data.policies.personal_number
as (personal number(38, 0)) returns number(38, 0) ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

alter masking policy solo_data.policies.personal_number set body ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

create masking policy if not exists solo_data.policies.personal_amount
as (personal number(18, 2)) returns number(18, 2) ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

alter masking policy solo_data.policies.personal_amount set body ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

create masking policy if not exists solo_data.policies.personal_flag
as (personal boolean) returns boolean ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

alter masking policy solo_data.policies.personal_flag set body ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

create masking policy if not exists solo_data.policies.personal_date
as (personal date) returns date ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

alter masking policy solo_data.policies.personal_date set body ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

create masking policy if not exists solo_data.policies.personal_document
as (personal variant) returns variant ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

alter masking policy solo_data.policies.personal_document set body ->
case when current_role() = 'MERCURIOS_LOADER_SOLO_DATA' then personal end;

-- 80_grants, as securityadmin

grant usage on database solo_data to role mercurios_loader_solo_data;

grant usage, create table, create view on schema solo_data.raw to role mercurios_loader_solo_data;

grant usage, create table, create view on schema solo_data.standard to role mercurios_loader_solo_data;

grant usage, create table, create view on schema solo_data.analytics to role mercurios_loader_solo_data;

grant usage, create table, create view on schema solo_data.published to role mercurios_loader_solo_data;

grant usage, create table, create view on schema solo_data.ops to role mercurios_loader_solo_data;

grant usage on schema solo_data.landing to role mercurios_loader_solo_data;

grant usage on schema solo_data.policies to role mercurios_loader_solo_data;

grant apply on row access policy solo_data.policies.tenant_rows to role mercurios_loader_solo_data;

grant apply on masking policy solo_data.policies.personal_text to role mercurios_loader_solo_data;

grant apply on masking policy solo_data.policies.personal_number to role mercurios_loader_solo_data;

grant apply on masking policy solo_data.policies.personal_amount to role mercurios_loader_solo_data;

grant apply on masking policy solo_data.policies.personal_flag to role mercurios_loader_solo_data;

grant apply on masking policy solo_data.policies.personal_date to role mercurios_loader_solo_data;

grant apply on masking policy solo_data.policies.personal_document to role mercurios_loader_solo_data;

grant usage on database solo_data to role mercurios_analyst;

grant usage on schema solo_data.published to role mercurios_analyst;

grant select on all tables in schema solo_data.published to role mercurios_analyst;

grant select on future tables in schema solo_data.published to role mercurios_analyst;

grant select on all views in schema solo_data.published to role mercurios_analyst;

grant select on future views in schema solo_data.published to role mercurios_analyst;

grant usage on database solo_data to role mercurios_developer;

grant usage on schema solo_data.raw to role mercurios_developer;

grant select on all tables in schema solo_data.raw to role mercurios_developer;

grant select on future tables in schema solo_data.raw to role mercurios_developer;

grant select on all views in schema solo_data.raw to role mercurios_developer;

grant select on future views in schema solo_data.raw to role mercurios_developer;

grant usage on schema solo_data.standard to role mercurios_developer;

grant select on all tables in schema solo_data.standard to role mercurios_developer;

grant select on future tables in schema solo_data.standard to role mercurios_developer;

grant select on all views in schema solo_data.standard to role mercurios_developer;

grant select on future views in schema solo_data.standard to role mercurios_developer;

grant usage on schema solo_data.analytics to role mercurios_developer;

grant select on all tables in schema solo_data.analytics to role mercurios_developer;

grant select on future tables in schema solo_data.analytics to role mercurios_developer;

grant select on all views in schema solo_data.analytics to role mercurios_developer;

grant select on future views in schema solo_data.analytics to role mercurios_developer;

grant usage on schema solo_data.published to role mercurios_developer;

grant select on all tables in schema solo_data.published to role mercurios_developer;

grant select on future tables in schema solo_data.published to role mercurios_developer;

grant select on all views in schema solo_data.published to role mercurios_developer;

grant select on future views in schema solo_data.published to role mercurios_developer;

grant usage on schema solo_data.ops to role mercurios_developer;

grant select on all tables in schema solo_data.ops to role mercurios_developer;

grant select on future tables in schema solo_data.ops to role mercurios_developer;

grant select on all views in schema solo_data.ops to role mercurios_developer;

grant select on future views in schema solo_data.ops to role mercurios_developer;

grant usage on schema solo_data.fivetran_log to role mercurios_developer;

grant select on all tables in schema solo_data.fivetran_log to role mercurios_developer;

grant select on future tables in schema solo_data.fivetran_log to role mercurios_developer;

grant select on all views in schema solo_data.fivetran_log to role mercurios_developer;

grant select on future views in schema solo_data.fivetran_log to role mercurios_developer;

grant usage on database solo_data to role mercurios_fivetran_service;

grant usage, create table, create view on schema solo_data.fivetran_log to role mercurios_fivetran_service;

-- 85_tenant, as sysadmin

create stage if not exists solo_data.landing.tenant_solo
    url = 's3://synthetic-landing/mercurios/solo/tenant=solo/'
    storage_integration = mercurios_landing
    comment = 'Parts and manifests of tenant solo';

alter stage solo_data.landing.tenant_solo set
    url = 's3://synthetic-landing/mercurios/solo/tenant=solo/'
    storage_integration = mercurios_landing;

-- 85_tenant, as securityadmin

grant usage on stage solo_data.landing.tenant_solo to role mercurios_loader_solo_data;

-- 85_tenant, as useradmin

create role if not exists mercurios_analyst_solo comment = 'Reads the published marts of tenant solo';

-- 85_tenant, as securityadmin

grant role mercurios_analyst to role mercurios_analyst_solo;

grant role mercurios_analyst_solo to role sysadmin;

-- 85_tenant, as mercurios_policy_admin

use warehouse mercurios_loading_wh;

merge into solo_data.policies.tenant_access as known
using (
    select
        'MERCURIOS_ANALYST_SOLO' as role_name,
        'solo' as tenant_id
    union all
    select
        'MERCURIOS_DEVELOPER' as role_name,
        'solo' as tenant_id
) as wanted
    on
        known.role_name = wanted.role_name
        and known.tenant_id = wanted.tenant_id
when not matched then
    insert (role_name, tenant_id) values (wanted.role_name, wanted.tenant_id);

-- 90_tables, as mercurios_loader_solo_data

alter table if exists solo_data.raw.sale modify column customer_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.sale modify column staff_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.sale modify column cashier_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.sale modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.articlesize modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.article modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.branch modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.category modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.supplier modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.season modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.size modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.label modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.country modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.currency modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.inventory modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.invoice modify column customer_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.invoice modify column staff_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.invoice modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.payment modify column staff_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.payment modify column customer_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.payment modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.credit modify column customer_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.credit modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.voucher modify column customer_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.voucher modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.customer modify column creation_date
    set masking policy solo_data.policies.personal_date force;

alter table if exists solo_data.raw.customer modify column customer_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.customer modify column inactive_flag
    set masking policy solo_data.policies.personal_flag force;

alter table if exists solo_data.raw.customer modify column id
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.customer modify column is_business
    set masking policy solo_data.policies.personal_flag force;

alter table if exists solo_data.raw.customer modify column is_staff
    set masking policy solo_data.policies.personal_flag force;

alter table if exists solo_data.raw.customer modify column is_locked
    set masking policy solo_data.policies.personal_flag force;

alter table if exists solo_data.raw.customer modify column country_number
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.customer modify column staff_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.customer modify column group_number
    set masking policy solo_data.policies.personal_number force;

alter table if exists solo_data.raw.customer modify column customer_type
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.customer modify column discount_group
    set masking policy solo_data.policies.personal_number force;

alter table if exists solo_data.raw.customer modify column discount_percent
    set masking policy solo_data.policies.personal_amount force;

alter table if exists solo_data.raw.customer modify column has_customer_card
    set masking policy solo_data.policies.personal_flag force;

alter table if exists solo_data.raw.customer modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.staff modify column is_active
    set masking policy solo_data.policies.personal_flag force;

alter table if exists solo_data.raw.staff modify column id
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.staff modify column staff_key
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.staff modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.purchase_order modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.purchase_order_position modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.files_sale modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.files_article modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.files_branch modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.files_stock modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.raw.files_open_order modify column _extra
    set masking policy solo_data.policies.personal_document force;

alter table if exists solo_data.ops.quarantine modify column source_id
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.ops.quarantine modify column payload
    set masking policy solo_data.policies.personal_text force;

alter table if exists solo_data.raw.sale cluster by (tenant_id, date);

alter table if exists solo_data.raw.inventory cluster by (tenant_id, date);

alter table if exists solo_data.raw.invoice cluster by (tenant_id, date);

alter table if exists solo_data.raw.payment cluster by (tenant_id, date);

alter table if exists solo_data.raw.credit cluster by (tenant_id, date);

alter table if exists solo_data.raw.voucher cluster by (tenant_id, date);

alter table if exists solo_data.raw.files_sale cluster by (tenant_id, date);

alter table if exists solo_data.standard.int_sales_netted cluster by (tenant_id, sold_on);

alter table if exists solo_data.analytics.fct_sales cluster by (tenant_id, sold_on);

alter table if exists solo_data.analytics.fct_demand_weekly cluster by (tenant_id, week_start);

alter table if exists solo_data.analytics.forecast_weekly cluster by (tenant_id, week_start);

alter table if exists solo_data.published.fct_sales cluster by (tenant_id, sold_on);

alter table if exists solo_data.published.fct_demand_weekly cluster by (tenant_id, week_start);

alter table if exists solo_data.published.forecast_weekly cluster by (tenant_id, week_start);

-- 90_tables, as mercurios_policy_admin

alter table if exists solo_data.raw.sale modify column customer_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.sale modify column staff_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.sale modify column cashier_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.sale modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.articlesize modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.article modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.branch modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.category modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.supplier modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.season modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.size modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.label modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.country modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.currency modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.inventory modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.invoice modify column customer_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.invoice modify column staff_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.invoice modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.payment modify column staff_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.payment modify column customer_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.payment modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.credit modify column customer_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.credit modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.voucher modify column customer_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.voucher modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column creation_date
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column customer_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.customer modify column inactive_flag
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column id
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.customer modify column is_business
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column is_staff
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column is_locked
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column country_number
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column staff_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.customer modify column group_number
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column customer_type
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column discount_group
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column discount_percent
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column has_customer_card
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.customer modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.staff modify column is_active
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.staff modify column id
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.staff modify column staff_key
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.raw.staff modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.purchase_order modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.purchase_order_position modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.files_sale modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.files_article modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.files_branch modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.files_stock modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.raw.files_open_order modify column _extra
    set tag solo_data.policies.personal = 'attribute';

alter table if exists solo_data.ops.quarantine modify column source_id
    set tag solo_data.policies.personal = 'identity';

alter table if exists solo_data.ops.quarantine modify column payload
    set tag solo_data.policies.personal = 'attribute';
