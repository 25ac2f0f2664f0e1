create or replace temp table stage_quarantine (
    row_number bigint,
    source_id varchar,
    reason varchar,
    payload varchar
);
