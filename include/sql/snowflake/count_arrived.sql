-- Staged rows whose key RAW holds after the MERGE; anything less than all of them means that rows were lost.
select count(*) as row_count
from stage_{{ table | ident }} as staged
where
    staged.tenant_id = $tenant_id
    and exists (
        select 1
        from raw.{{ table | ident }} as target
        where
            target.tenant_id = staged.tenant_id
            and target.id = staged.id
    );
