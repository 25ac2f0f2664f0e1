-- Staged rows whose key RAW holds after the MERGE; anything less than all of them means that rows were lost. All are of
-- one tenant, so ids alone are compared, which takes less memory than both halves of the key.
select count(*) as row_count
from stage_{{ table | ident }} as staged
where
    staged.tenant_id = $tenant_id
    and exists (
        select 1
        from raw.{{ table | ident }} as target
        where
            target.tenant_id = $tenant_id
            and target.id = staged.id
    );
