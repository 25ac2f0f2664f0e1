-- Tables of schema analytics in one attached database.
select table_name
from duckdb_tables()
where
    database_name = ?
    and schema_name = 'analytics'
order by table_name;
