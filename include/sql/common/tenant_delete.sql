delete from {{ schema | ident }}.{{ table | ident }}
where tenant_id = $tenant_id;
