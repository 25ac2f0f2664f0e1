-- 1 when the run's ledger speaks of typed rows and the table holds none: wherever they were lost, they are not there.
select count(*) as vanished
from (
    select sum(extracted - quarantined) as expected
    from ops.load_ledger
    where
        tenant_id = $tenant_id
        and run_id = $run_id
        and resource = $resource
) as ledger
where
    ledger.expected > 0
    and not exists (
        select 1
        from raw.{{ table | ident }} as loaded
        where loaded.tenant_id = $tenant_id
    );
