-- What the relations of a database and their columns are described as; without a column it is the relation itself.
with relations as (
    select
        schema_name,
        table_name as relation,
        'table' as kind,
        comment
    from duckdb_tables()
    where database_name = coalesce($database, current_database())
    union all
    select
        schema_name,
        view_name as relation,
        'view' as kind,
        comment
    from duckdb_views()
    where
        database_name = coalesce($database, current_database())
        and not internal
),

columns as (
    select
        schema_name,
        table_name as relation,
        column_name,
        comment
    from duckdb_columns()
    where database_name = coalesce($database, current_database())
)

select
    schema_name,
    relation,
    kind,
    null as column_name,
    comment
from relations
union all
select
    relations.schema_name,
    relations.relation,
    relations.kind,
    columns.column_name,
    columns.comment
from relations
inner join columns
    on
        relations.schema_name = columns.schema_name
        and relations.relation = columns.relation;
