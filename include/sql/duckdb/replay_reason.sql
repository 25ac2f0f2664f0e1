-- Why rows that were typed again still do not fit.
update ops.quarantine
set reason = refused.reason
from (
    select
        unnest($run_ids) as run_id,
        unnest($attempts) as attempt,
        unnest($row_numbers) as row_number,
        unnest($reasons) as reason
) as refused
where
    quarantine.tenant_id = $tenant_id
    and quarantine.resource = $resource
    and quarantine.run_id = refused.run_id
    and quarantine.attempt = refused.attempt
    and quarantine.row_number = refused.row_number;
