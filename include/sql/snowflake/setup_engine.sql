-- What the database needs besides the bookkeeping. Database, schemas, policies, stage and grants are the account's
-- (`account/`), applied by a user with more rights than a loader. Keys of the bookkeeping are not enforced by Snowflake:
-- they are what the MERGE statements match on.
--
-- What is published about the freshness of what people see.
create table if not exists published.publication_status (
    tenant_id varchar not null primary key,
    status varchar not null,
    run_id varchar not null,
    dag_id varchar not null,
    published_at timestamp_ntz not null,
    stale_since timestamp_ntz,
    stale_run_id varchar,
    reason varchar
) with row access policy policies.tenant_rows on (tenant_id);

alter table published.publication_status add column if not exists verified_at timestamp_ntz;
