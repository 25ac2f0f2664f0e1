-- Rows whose partner in another mart of the same tenant is missing.
select count(*) as orphans
from analytics.{{ table | ident }} as fact
where
    fact.tenant_id = $tenant_id
    and fact.{{ column | ident }} is not null
    -- An issue of a line without an article.
    and fact.{{ column | ident }} <> 0
    and not exists (
        select 1
        from analytics.{{ to_table | ident }} as dimension
        where
            dimension.tenant_id = fact.tenant_id
            and dimension.{{ key | ident }} = fact.{{ column | ident }}
    );
