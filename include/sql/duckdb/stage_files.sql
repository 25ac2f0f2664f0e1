-- The listed Parquet files as a relation, read where they are: a copy would cost as much again as writing RAW and hold
-- every row in memory. A view takes no parameters, so the paths are bound to a variable that it reads. A row's file and
-- its number in that file say which row it is, so that narrow tables can point at it.
{% if paths %}
set variable {{ table | ident }} = $paths;

{% endif %}
create or replace temp view {{ table | ident }} as
select
    {% if paths %}
    {% for column in columns %}
    {{ column | ident }},
    {% endfor %}
    file_index as _staged_file,
    file_row_number as _staged_row
from read_parquet(getvariable('{{ table | ident }}'), union_by_name = false);
    {% else %}
    {% for column in columns %}
    cast(null as {{ columns[column] }}) as {{ column | ident }},
    {% endfor %}
    cast(null as ubigint) as _staged_file,
    cast(null as bigint) as _staged_row
where false;
    {% endif %}
