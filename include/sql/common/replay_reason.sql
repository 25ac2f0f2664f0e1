-- Why rows that were typed again still do not fit.
update ops.quarantine
set reason = refused.reason
from (
    {{ records("$rows", {"run_id": "varchar", "attempt": "integer", "row_number": "bigint", "reason": "varchar"}) }}
) as refused
where
    quarantine.tenant_id = $tenant_id
    and quarantine.resource = $resource
    and quarantine.run_id = refused.run_id
    and quarantine.attempt = refused.attempt
    and quarantine.row_number = refused.row_number;
