-- Rows by resource in the first and the last of some runs, and whether the identity holds in all of them.
select
    resource,
    sum(case when run_id = $first_run then extracted end) as first_extracted,
    sum(case when run_id = $first_run then loaded end) as first_loaded,
    sum(case when run_id = $last_run then extracted end) as second_extracted,
    sum(case when run_id = $last_run then loaded end) as second_loaded,
    sum(case when run_id = $last_run then deleted end) as second_deleted,
    sum(quarantined) as quarantined,
    min(case when extracted = loaded + quarantined + superseded then 1 else 0 end) = 1 as identity_holds
from ops.load_ledger
where
    tenant_id = $tenant_id
    and run_id in ($first_run, $last_run)
group by resource
order by first_extracted desc nulls last, resource;
