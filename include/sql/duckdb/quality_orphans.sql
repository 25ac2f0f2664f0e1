-- Rows whose partner in another mart of the same tenant is missing.
select count(*) as orphans
from analytics.{{ table | ident }} as fact
anti join analytics.{{ to_table | ident }} as dimension
    on
        fact.tenant_id = dimension.tenant_id
        and fact.{{ column | ident }} = dimension.{{ key | ident }}
where fact.{{ column | ident }} is not null;
