-- Whether a forecast was ever published: before the first, readers have no such table.
select count(*) as tables
from information_schema.tables
where
    table_schema = 'PUBLISHED'
    and table_name = 'FORECAST_WEEKLY';
