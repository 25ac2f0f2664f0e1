-- After a complete enumeration: living rows of RAW that the source no longer shows. A row that RAW did not hold yet
-- when the enumeration began may have appeared at the source behind its back, so it is not judged.
create or replace temp table vanished_{{ table | ident }} as
select target.id
from raw.{{ table | ident }} as target
where
    target.tenant_id = $tenant_id
    and target._deleted_at is null
    and target._loaded_at < $read_at
    and not exists (
        select 1
        from stage_{{ table | ident }} as staged
        where
            staged.tenant_id = target.tenant_id
            and staged.id = target.id
    )
    and not exists (
        select 1
        from stage_keys as seen
        where seen.id = target.id
    );
