-- The rows stay as a record; they only no longer wait.
update ops.quarantine
set replayed_at = $replayed_at
from (
    {{ records("$rows", {"run_id": "varchar", "attempt": "integer", "row_number": "bigint"}) }}
) as fitting
where
    quarantine.tenant_id = $tenant_id
    and quarantine.resource = $resource
    and quarantine.run_id = fitting.run_id
    and quarantine.attempt = fitting.attempt
    and quarantine.row_number = fitting.row_number;
