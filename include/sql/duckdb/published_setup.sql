-- What readers see besides the marts: when the file was published, and the bookkeeping behind it.
create schema if not exists published.analytics;

create schema if not exists published.ops;

create schema if not exists published.raw;

{% for table in ("ops.publication", "ops.run", "ops.load_ledger", "ops.model_monitor", "raw.tenant", "raw.public_holiday") %}
create or replace table published.{{ table }} as
select *
from {{ table }}
where tenant_id = $tenant_id;

{% endfor %}
