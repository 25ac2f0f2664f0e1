-- Append exactly the listed Parquet files, columns by name. Files are loaded whatever COPY remembers of them: what was
-- loaded is for the ledger to know, which forgets nothing after 64 days and knows a file by more than its name.
copy into stage_sale
from @landing.tenant_north/
files = (
    'run=1/sale-rows-00001.parquet',
    'run=it''s 2/sale-rows-00002.parquet'
)
file_format = (type = parquet use_logical_type = true)
match_by_column_name = case_insensitive
on_error = abort_statement
force = true;
