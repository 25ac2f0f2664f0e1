-- The columns of a mart, and of what readers see of it, with their types.
select
    lower(table_schema) as table_schema,
    lower(column_name) as column_name,
    case
        when data_type = 'NUMBER' then 'number(' || numeric_precision || ', ' || numeric_scale || ')'
        else lower(data_type)
    end as column_type
from information_schema.columns
where
    table_schema in ('ANALYTICS', 'PUBLISHED')
    and table_name = upper($table_name)
order by
    table_schema,
    ordinal_position;
