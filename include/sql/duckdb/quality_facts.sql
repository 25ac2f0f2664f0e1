-- What is counted about all rows of a table without reading them into Python.
select
    {% if run_rows_only %}
    count(*) filter (where _deleted_at is null) as rows,
    count(*) filter (where _run_id = $run_id) as run_rows,
    {% else %}
    count(*) as rows,
    {% endif %}
    {% if cursor %}
    date_diff('second', max({{ cursor | ident }}), $source_now::timestamp) / 3600.0 as freshness_hours,
    {% endif %}
    count(*) - count(distinct ({{ key | map("ident") | join(", ") }})) as duplicates
from {{ schema | ident }}.{{ table | ident }};
