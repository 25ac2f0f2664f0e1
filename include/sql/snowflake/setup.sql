-- Bookkeeping of the tenants of one database. Idempotent: it runs before every load. Database, schemas, policies, stage and
-- grants are the account's (`account/`), applied by a user with more rights than a loader. Keys are not enforced by
-- Snowflake: they are what the MERGE statements match on. Rows of retailers stand behind the row access policy from the
-- moment their table exists.
create table if not exists raw.tenant (
    tenant_id varchar not null,
    name varchar not null,
    time_zone varchar not null,
    country varchar not null,
    region varchar,
    currency varchar not null
) with row access policy ops.tenant_rows on (tenant_id);

-- The kind of source that the tenant is read from; what another one left in RAW before is not modelled.
alter table raw.tenant add column if not exists source varchar;

create table if not exists raw.public_holiday (
    tenant_id varchar not null,
    date date not null,
    name varchar not null
) with row access policy ops.tenant_rows on (tenant_id);

-- What the tenant file decides about ordering, one row per setting.
create table if not exists raw.replenishment_policy (
    tenant_id varchar not null,
    scope varchar not null,
    scope_key varchar not null,
    setting varchar not null,
    value double not null
) with row access policy ops.tenant_rows on (tenant_id);

-- One row per run; `fence` counts its starts, and only the newest start may load.
create table if not exists ops.run (
    tenant_id varchar not null,
    run_id varchar not null,
    dag_id varchar not null,
    fence number(38, 0) not null,
    started_at timestamp_ntz not null,
    source_now timestamp_ntz,
    as_of_date date,
    primary key (tenant_id, run_id)
);

-- What happened to every row a run extracted. Snowflake knows no check: the statement that writes a row (ledger_insert.sql)
-- fails when the identity does not hold.
create table if not exists ops.load_ledger (
    tenant_id varchar not null,
    run_id varchar not null,
    resource varchar not null,
    attempt integer not null,
    mode varchar not null,
    is_complete boolean not null,
    extracted number(38, 0) not null,
    loaded number(38, 0) not null,
    quarantined number(38, 0) not null,
    superseded number(38, 0) not null,
    deleted number(38, 0) not null,
    manifest_url varchar not null,
    cursor_from timestamp_ntz,
    cursor_to timestamp_ntz,
    loaded_at timestamp_ntz not null,
    extracted_at timestamp_ntz,
    source_now timestamp_ntz,
    held_for_review number(38, 0) default 0,
    is_stable boolean default true,
    late number(38, 0) default 0,
    primary key (tenant_id, run_id, resource, attempt)
);

-- The API that a tenant is read from: a key of another retailer would be noticed by it.
create table if not exists ops.source (
    tenant_id varchar not null primary key,
    source varchar not null,
    run_id varchar not null
);

create table if not exists ops.watermark (
    tenant_id varchar not null,
    resource varchar not null,
    cursor_value timestamp_ntz not null,
    run_id varchar not null,
    fence number(38, 0) not null,
    updated_at timestamp_ntz not null,
    primary key (tenant_id, resource)
);

create table if not exists ops.quarantine (
    tenant_id varchar not null,
    resource varchar not null,
    run_id varchar not null,
    attempt integer not null,
    row_number number(38, 0) not null,
    source_id varchar with masking policy ops.personal_text,
    reason varchar not null,
    payload varchar not null with masking policy ops.personal_text,
    quarantined_at timestamp_ntz not null,
    extracted_at timestamp_ntz,
    replayed_at timestamp_ntz
) with row access policy ops.tenant_rows on (tenant_id);

-- A person has looked at rows that a complete read missed and confirms that they are deleted; used by the next such read.
create table if not exists ops.delete_approval (
    tenant_id varchar not null,
    resource varchar not null,
    approved_by varchar not null,
    approved_at timestamp_ntz not null,
    used_run_id varchar,
    used_at timestamp_ntz
);

-- A request to read a resource completely; answered by the next complete read that is loaded.
create table if not exists ops.resync_request (
    tenant_id varchar not null,
    resource varchar not null,
    requested_by varchar not null,
    requested_at timestamp_ntz not null
);

create table if not exists ops.schema_drift (
    tenant_id varchar not null,
    resource varchar not null,
    column_name varchar not null,
    change varchar not null,
    row_count number(38, 0) not null,
    run_id varchar not null,
    detected_at timestamp_ntz not null
);

create table if not exists ops.dq_result (
    tenant_id varchar not null,
    run_id varchar not null,
    gate varchar not null,
    suite varchar not null,
    expectation varchar not null,
    column_name varchar,
    severity varchar not null,
    success boolean not null,
    observed varchar,
    details varchar,
    checked_at timestamp_ntz not null
);

create table if not exists ops.dq_metric (
    tenant_id varchar not null,
    run_id varchar not null,
    table_name varchar not null,
    metric varchar not null,
    value float,
    measured_at timestamp_ntz not null
);

create table if not exists ops.publication (
    tenant_id varchar not null,
    run_id varchar not null,
    dag_id varchar not null,
    published_at timestamp_ntz not null,
    last_complete_week date,
    closes_week boolean not null,
    primary key (tenant_id, run_id, dag_id)
);

create table if not exists ops.model_monitor (
    tenant_id varchar not null,
    run_id varchar not null,
    origin_week date not null,
    metric varchar not null,
    value float,
    measured_at timestamp_ntz not null
);

create table if not exists analytics.forecast_weekly (
    tenant_id varchar not null,
    article_number number(38, 0) not null,
    branch_number number(38, 0) not null,
    origin_week date not null,
    week_start date not null,
    horizon integer not null,
    method varchar not null,
    mean float not null,
    quantile_50 float not null,
    quantile_80 float not null,
    quantile_95 float not null,
    part_level float not null,
    part_trend float not null,
    part_season float not null,
    part_holiday float not null,
    part_regressor float not null,
    run_id varchar not null,
    created_at timestamp_ntz not null
) with row access policy ops.tenant_rows on (tenant_id);

-- Demand of the first 1, 2, … weeks of a forecast together: what lead time and review have to cover.
create table if not exists analytics.forecast_protection (
    tenant_id varchar not null,
    article_number number(38, 0) not null,
    branch_number number(38, 0) not null,
    origin_week date not null,
    periods integer not null,
    mean float not null,
    quantile_50 float not null,
    quantile_80 float not null,
    quantile_95 float not null,
    run_id varchar not null,
    created_at timestamp_ntz not null
) with row access policy ops.tenant_rows on (tenant_id);

-- One row per week, kind (`backtest`, `live`) and demand class (`all` and each).
create table if not exists analytics.forecast_accuracy (
    tenant_id varchar not null,
    origin_week date not null,
    kind varchar not null,
    demand_class varchar not null,
    actual float,
    wape float,
    wape_mean_13w float,
    ratio float,
    mase float,
    bias float,
    tracking_signal float,
    coverage_50 float,
    coverage_80 float,
    coverage_95 float,
    run_id varchar not null,
    measured_at timestamp_ntz not null
) with row access policy ops.tenant_rows on (tenant_id);

-- What is published about the freshness of what they see.
create table if not exists published.publication_status (
    tenant_id varchar not null primary key,
    status varchar not null,
    run_id varchar not null,
    dag_id varchar not null,
    published_at timestamp_ntz not null,
    stale_since timestamp_ntz,
    stale_run_id varchar,
    reason varchar
) with row access policy ops.tenant_rows on (tenant_id);
