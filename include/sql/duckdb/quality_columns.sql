-- The columns a table has; no row when the table does not exist.
select column_name
from information_schema.columns
where
    table_catalog = current_database()
    and table_schema = $table_schema
    and table_name = $table_name
order by ordinal_position;
