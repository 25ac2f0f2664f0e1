-- The columns that RAW tables have, to find those the contract gained.
select
    lower(table_name) as table_name,
    lower(column_name) as column_name
from information_schema.columns
where
    table_catalog = current_database()
    and table_schema = {{ catalog_name("'raw'") }};
