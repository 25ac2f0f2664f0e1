-- A transient table for the landed rows, its columns spelled out: DuckDB 2.0.0 answers joins, windows and
-- distinct counts with nothing over a table that a transaction made with `as select ... limit 0` and then filled
-- from Parquet.
create or replace temp table stage_{{ table | ident }} (
    tenant_id varchar,
    {% for column in columns %}
    {{ column.name | ident }} {{ column.type }},
    {% endfor %}
    _extra varchar,
    _content_hash varchar,
    _extracted_at timestamp,
    _run_id varchar
);
