-- Bookkeeping of the tenants of one database or file. Idempotent: it runs before every load. Rows of retailers are behind
-- the row access policy, where an engine has one, from the moment their table exists.
create table if not exists raw.tenant (
    tenant_id varchar not null,
    name varchar not null,
    time_zone varchar not null,
    country varchar not null,
    region varchar,
    currency varchar not null
) {{ row_access_policy() }};

-- The kind of source that the tenant is read from; what another one left in RAW before is not modelled.
alter table raw.tenant add column if not exists source varchar;

create table if not exists raw.public_holiday (
    tenant_id varchar not null,
    date date not null,
    name varchar not null
) {{ row_access_policy() }};

-- What the tenant file decides about ordering, one row per setting.
create table if not exists raw.replenishment_policy (
    tenant_id varchar not null,
    scope varchar not null,
    scope_key varchar not null,
    setting varchar not null,
    value double not null
) {{ row_access_policy() }};

-- What the tenant file says of lines and articles, one row per setting.
create table if not exists raw.tenant_setting (
    tenant_id varchar not null,
    scope varchar not null,
    scope_key varchar not null,
    setting varchar not null,
    value varchar not null
) {{ row_access_policy() }};

-- One row per run; `fence` counts its starts, and only the newest start may load.
create table if not exists ops.run (
    tenant_id varchar not null,
    run_id varchar not null,
    dag_id varchar not null,
    fence bigint not null,
    started_at {{ timestamp_type() }} not null,
    source_now {{ timestamp_type() }},
    as_of_date date,
    primary key (tenant_id, run_id)
);

-- Why a run built and published nothing; null where it did.
alter table ops.run add column if not exists skip_reason varchar;

-- What happened to every row a run extracted; the identity is enforced, here or by the statement that writes a row
-- (ledger_insert.sql) where an engine knows no check.
create table if not exists ops.load_ledger (
    tenant_id varchar not null,
    run_id varchar not null,
    resource varchar not null,
    attempt integer not null,
    mode varchar not null,
    is_complete boolean not null,
    extracted bigint not null {{ check("extracted = loaded + quarantined + superseded") }},
    loaded bigint not null,
    quarantined bigint not null,
    superseded bigint not null,
    deleted bigint not null,
    manifest_url varchar not null,
    cursor_from {{ timestamp_type() }},
    cursor_to {{ timestamp_type() }},
    loaded_at {{ timestamp_type() }} not null,
    extracted_at {{ timestamp_type() }},
    source_now {{ timestamp_type() }},
    held_for_review bigint default 0,
    is_stable boolean default true,
    late bigint default 0,
    primary key (tenant_id, run_id, resource, attempt)
);

-- The API that a tenant is read from: a key of another retailer would be noticed by it.
create table if not exists ops.source (
    tenant_id varchar not null primary key,
    source varchar not null,
    run_id varchar not null
);

-- The name of the key by which persons' numbers are hashed, and since when it is another one than before.
create table if not exists ops.hash_key (
    tenant_id varchar not null primary key,
    key_id varchar,
    since {{ timestamp_type() }}
);

create table if not exists ops.watermark (
    tenant_id varchar not null,
    resource varchar not null,
    cursor_value {{ timestamp_type() }} not null,
    run_id varchar not null,
    fence bigint not null,
    updated_at {{ timestamp_type() }} not null,
    primary key (tenant_id, resource)
);

create table if not exists ops.quarantine (
    tenant_id varchar not null,
    resource varchar not null,
    run_id varchar not null,
    attempt integer not null,
    row_number bigint not null,
    source_id varchar {{ masking_policy("personal_text") }},
    reason varchar not null,
    payload varchar not null {{ masking_policy("personal_text") }},
    quarantined_at {{ timestamp_type() }} not null,
    extracted_at {{ timestamp_type() }},
    replayed_at {{ timestamp_type() }}
) {{ row_access_policy() }};

-- A person has looked at rows that a complete read missed and confirms that they are deleted; used by the next such read.
create table if not exists ops.delete_approval (
    tenant_id varchar not null,
    resource varchar not null,
    approved_by varchar not null,
    approved_at {{ timestamp_type() }} not null,
    used_run_id varchar,
    used_at {{ timestamp_type() }}
);

-- A request to read a resource completely; answered by the next complete read that is loaded.
create table if not exists ops.resync_request (
    tenant_id varchar not null,
    resource varchar not null,
    requested_by varchar not null,
    requested_at {{ timestamp_type() }} not null
);

create table if not exists ops.schema_drift (
    tenant_id varchar not null,
    resource varchar not null,
    column_name varchar not null,
    change varchar not null,
    row_count bigint not null,
    run_id varchar not null,
    detected_at {{ timestamp_type() }} not null
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
    checked_at {{ timestamp_type() }} not null
);

create table if not exists ops.dq_metric (
    tenant_id varchar not null,
    run_id varchar not null,
    table_name varchar not null,
    metric varchar not null,
    value double,
    measured_at {{ timestamp_type() }} not null
);

-- The outcome of each dbt model and test of a run, written by dbt at its end (dbt/macros/model_results.sql).
create table if not exists ops.model_result (
    tenant_id varchar not null,
    run_id varchar not null,
    name varchar not null,
    kind varchar not null,
    status varchar not null,
    seconds double not null,
    row_count bigint,
    recorded_at {{ timestamp_type() }} not null
);

create table if not exists ops.publication (
    tenant_id varchar not null,
    run_id varchar not null,
    dag_id varchar not null,
    published_at {{ timestamp_type() }} not null,
    last_complete_week date,
    closes_week boolean not null,
    primary key (tenant_id, run_id, dag_id)
);

-- What it was made from, and when that was last found to be so still.
alter table ops.publication add column if not exists basis varchar;

alter table ops.publication add column if not exists verified_at {{ timestamp_type() }};

create table if not exists ops.model_monitor (
    tenant_id varchar not null,
    run_id varchar not null,
    origin_week date not null,
    metric varchar not null,
    value double,
    measured_at {{ timestamp_type() }} not null
);

create table if not exists analytics.forecast_weekly (
    tenant_id varchar not null,
    article_number bigint not null,
    branch_number bigint not null,
    origin_week date not null,
    week_start date not null,
    horizon integer not null,
    method varchar not null,
    mean double not null,
    quantile_50 double not null,
    quantile_80 double not null,
    quantile_95 double not null,
    part_level double not null,
    part_trend double not null,
    part_season double not null,
    part_holiday double not null,
    part_regressor double not null,
    run_id varchar not null,
    created_at {{ timestamp_type() }} not null
) {{ row_access_policy() }};

-- Demand of the first 1, 2, … weeks of a forecast together: what lead time and review have to cover.
create table if not exists analytics.forecast_protection (
    tenant_id varchar not null,
    article_number bigint not null,
    branch_number bigint not null,
    origin_week date not null,
    periods integer not null,
    mean double not null,
    quantile_50 double not null,
    quantile_80 double not null,
    quantile_95 double not null,
    run_id varchar not null,
    created_at {{ timestamp_type() }} not null
) {{ row_access_policy() }};

-- One row per week, kind (`backtest`, `live`) and demand class (`all` and each).
create table if not exists analytics.forecast_accuracy (
    tenant_id varchar not null,
    origin_week date not null,
    kind varchar not null,
    demand_class varchar not null,
    actual double,
    wape double,
    wape_mean_13w double,
    ratio double,
    mase double,
    bias double,
    tracking_signal double,
    coverage_50 double,
    coverage_80 double,
    coverage_95 double,
    run_id varchar not null,
    measured_at {{ timestamp_type() }} not null
) {{ row_access_policy() }};
