-- Whether a forecast was ever published: before the first, readers have no such table.
select count(*) as tables
from information_schema.tables
where
    table_schema = {{ catalog_name("'" ~ published_schema() ~ "'") }}
    and table_name = {{ catalog_name("'forecast_weekly'") }};
