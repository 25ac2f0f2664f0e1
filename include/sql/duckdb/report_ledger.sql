-- Rows by resource in the first and the last of some runs, and whether the identity holds in all of them.
select
    resource,
    sum(extracted) filter (where run_id = $1) as first_extracted,
    sum(loaded) filter (where run_id = $1) as first_loaded,
    sum(extracted) filter (where run_id = $2) as second_extracted,
    sum(loaded) filter (where run_id = $2) as second_loaded,
    sum(deleted) filter (where run_id = $2) as second_deleted,
    sum(quarantined) as quarantined,
    bool_and(extracted = loaded + quarantined + superseded) as identity_holds
from ops.load_ledger
where run_id in ($1, $2)
group by resource
order by first_extracted desc, resource;
