-- What happened to the rows of the newest runs, the run that loaded last first.
with newest as (
    select
        run_id,
        max(loaded_at) as last_loaded_at
    from ops.load_ledger
    where tenant_id = $tenant_id
    group by run_id
    qualify row_number() over (order by last_loaded_at desc) <= $runs
)

select
    ledger.run_id,
    ledger.resource,
    ledger.attempt,
    ledger.mode,
    ledger.is_complete,
    ledger.extracted,
    ledger.loaded,
    ledger.quarantined,
    ledger.superseded,
    ledger.deleted,
    ledger.held_for_review,
    ledger.late,
    ledger.loaded_at,
    ledger.extracted = ledger.loaded + ledger.quarantined + ledger.superseded as identity_holds
from ops.load_ledger as ledger
inner join newest
    on ledger.run_id = newest.run_id
where ledger.tenant_id = $tenant_id
order by
    newest.last_loaded_at desc,
    ledger.resource,
    ledger.attempt;
