-- The columns of the bookkeeping, to find those that have been renamed since.
select
    lower(table_name) as table_name,
    lower(column_name) as column_name
from information_schema.columns
where
    table_catalog = current_database()
    and lower(table_schema) = 'ops';
