-- The columns a table has; no row when the table does not exist.
select
    lower(column_name) as column_name,
    lower(data_type) as data_type
from information_schema.columns
where
    table_catalog = current_database()
    and table_schema = {{ catalog_name("$table_schema") }}
    and table_name = {{ catalog_name("$table_name") }}
order by ordinal_position;
