-- What the relations of a database and their columns are described as; without a column it is the relation itself.
with relations as (
    select
        database_name,
        schema_name,
        table_name as relation,
        'table' as kind,
        comment
    from duckdb_tables()
    union all
    select
        database_name,
        schema_name,
        view_name as relation,
        'view' as kind,
        comment
    from duckdb_views()
    where not internal
)

select
    relations.schema_name,
    relations.relation,
    relations.kind,
    described.column_name,
    described.comment
from relations
inner join (
    select
        database_name,
        schema_name,
        relation,
        null as column_name,
        comment
    from relations
    union all
    select
        database_name,
        schema_name,
        table_name as relation,
        column_name,
        comment
    from duckdb_columns()
) as described
    on
        relations.database_name = described.database_name
        and relations.schema_name = described.schema_name
        and relations.relation = described.relation
where relations.database_name = coalesce($database, current_database());
