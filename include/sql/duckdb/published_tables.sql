-- Tables of schema analytics in one attached database, in the warehouse itself where none is named.
select table_name
from duckdb_tables()
where
    database_name = coalesce(?, current_database())
    and schema_name = 'analytics'
order by table_name;
