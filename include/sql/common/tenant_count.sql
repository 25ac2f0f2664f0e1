select count(*) as tenant_rows
from {{ schema | ident }}.{{ table | ident }}
where tenant_id = $tenant_id;
