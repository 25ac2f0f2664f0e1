-- Rows of every other tenant.
select count(*) as tenant_rows
from {{ schema | ident }}.{{ table | ident }}
where tenant_id is distinct from $tenant_id;
