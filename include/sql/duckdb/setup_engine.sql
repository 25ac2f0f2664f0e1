-- What a file needs before the bookkeeping: schemas, and the columns that the bookkeeping of an older file lacks.
create schema if not exists raw;

create schema if not exists standard;

create schema if not exists analytics;

create schema if not exists ops;

-- The one tenant whose rows the file holds.
create table if not exists ops.owner (tenant_id varchar not null);

alter table if exists ops.quarantine add column if not exists extracted_at timestamp;

alter table if exists ops.quarantine add column if not exists replayed_at timestamp;

alter table if exists ops.load_ledger add column if not exists extracted_at timestamp;

alter table if exists ops.load_ledger add column if not exists source_now timestamp;

alter table if exists ops.load_ledger add column if not exists held_for_review bigint default 0;

alter table if exists ops.load_ledger add column if not exists is_stable boolean default true;

alter table if exists ops.load_ledger add column if not exists late bigint default 0;
