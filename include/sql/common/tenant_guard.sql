-- Rows of another tenant in what is about to be loaded; any row here stops the load.
select
    tenant_id,
    count(*) as row_count
from stage_{{ table | ident }}
where tenant_id is distinct from $tenant_id
group by tenant_id
order by tenant_id;
