-- What readers see besides the marts: when the file was published, and the bookkeeping behind it.
create schema if not exists published.analytics;

create schema if not exists published.ops;

create schema if not exists published.raw;

{% for table in ("ops.run", "ops.load_ledger", "ops.model_monitor", "raw.tenant", "raw.public_holiday") %}
create or replace table published.{{ table }} as
select *
from {{ table }}
where tenant_id = $tenant_id;

{% endfor %}

-- The warehouse itself records the publication only once readers have it.
create or replace table published.ops.publication as
select
    tenant_id,
    run_id,
    dag_id,
    published_at,
    last_complete_week,
    closes_week,
    basis,
    verified_at
from ops.publication
where
    tenant_id = $tenant_id
    and not (run_id = $run_id and dag_id = $dag_id)
union all
select
    $tenant_id as tenant_id,
    $run_id as run_id,
    $dag_id as dag_id,
    cast($published_at as timestamp) as published_at,
    cast($last_complete_week as date) as last_complete_week,
    cast($closes_week as boolean) as closes_week,
    cast($basis as varchar) as basis,
    cast($published_at as timestamp) as verified_at;
