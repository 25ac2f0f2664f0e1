-- Whether people have a mart: before the first run that publishes it they do not.
select count(*) as row_count
from information_schema.tables
where
    table_schema = {{ catalog_name("'" ~ published_schema() ~ "'") }}
    and table_name = {{ catalog_name("$table_name") }};
