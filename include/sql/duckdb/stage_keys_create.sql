create or replace temp table stage_keys (id varchar);
