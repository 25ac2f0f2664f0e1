-- Append exactly the listed Parquet files, columns by name. Files are loaded whatever COPY remembers of them: what was
-- loaded is for the ledger to know, which forgets nothing after 64 days and knows a file by more than its name.
copy into {{ table }}
from @{{ stage }}/
files = (
    {% for file in files %}
    {{ file | literal }}{{ "," if not loop.last }}
    {% endfor %}
)
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive
on_error = abort_statement
force = true;
