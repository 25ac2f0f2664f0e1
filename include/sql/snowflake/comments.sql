-- What the relations of a database and their columns are described as; without a column it is the relation itself.
select
    lower(table_schema) as schema_name,
    lower(table_name) as relation,
    case when table_type = 'VIEW' then 'view' else 'table' end as kind,
    cast(null as varchar) as column_name,
    comment
from information_schema.tables
where table_catalog = coalesce($database, current_database())
union all
select
    lower(described.table_schema) as schema_name,
    lower(described.table_name) as relation,
    case when relations.table_type = 'VIEW' then 'view' else 'table' end as kind,
    lower(described.column_name) as column_name,
    described.comment
from information_schema.columns as described
inner join information_schema.tables as relations
    on
        described.table_catalog = relations.table_catalog
        and described.table_schema = relations.table_schema
        and described.table_name = relations.table_name
where described.table_catalog = coalesce($database, current_database());
