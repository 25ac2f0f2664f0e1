-- The columns that RAW tables have, to find those the contract gained.
select
    table_name,
    column_name
from information_schema.columns
where
    table_catalog = current_database()
    and table_schema = 'raw';
