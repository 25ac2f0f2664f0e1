-- Columns that a listed Parquet file lacks or holds in another type. They are looked for beforehand, because a view
-- notices them only where it reads them, and casts what it can.
with landed as (
    select
        file_name,
        name,
        replace(lower(duckdb_type), ' ', '') as type
    from parquet_schema($paths)
),

wanted as (
    select
        unnest($names) as name,
        replace(unnest($types), ' ', '') as type
),

files as (
    select distinct file_name
    from landed
)

select
    files.file_name,
    wanted.name,
    wanted.type,
    landed.type as found
from files
cross join wanted
left join landed
    on
        files.file_name = landed.file_name
        and wanted.name = landed.name
where landed.type is distinct from wanted.type
order by
    files.file_name,
    wanted.name;
