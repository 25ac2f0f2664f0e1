-- What is counted about a tenant's rows of a table without reading them into Python.
select
    {% if run_rows_only %}
    count_if(_deleted_at is null) as "ROWS",
    count_if(_run_id = $run_id) as run_rows,
    {% else %}
    count(*) as "ROWS",
    {% endif %}
    {% if cursor %}
    datediff(second, max({{ cursor | ident }}), cast($source_now as timestamp_ntz)) / 3600.0 as freshness_hours,
    {% endif %}
    count(*) - count(distinct {{ key | map("ident") | join(", ") }}) as duplicates
from {{ schema | ident }}.{{ table | ident }}
where tenant_id = $tenant_id;
