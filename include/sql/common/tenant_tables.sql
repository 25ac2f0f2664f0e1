-- The tables that hold rows of tenants; views show no more than their tables. Schema `policies` is not the loader's.
select
    lower(described.table_schema) as table_schema,
    lower(described.table_name) as table_name
from information_schema.columns as described
inner join information_schema.tables as listed
    on
        described.table_catalog = listed.table_catalog
        and described.table_schema = listed.table_schema
        and described.table_name = listed.table_name
where
    described.table_catalog = current_database()
    and lower(described.column_name) = 'tenant_id'
    and lower(described.table_schema) in ('raw', 'standard', 'analytics', 'published', 'ops')
    and listed.table_type = 'BASE TABLE'
order by
    table_schema,
    table_name;
