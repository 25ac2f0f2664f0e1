-- The rows stay as a record; they only no longer wait.
update ops.quarantine
set replayed_at = $replayed_at
from (
    select
        cast(runs.value as varchar) as run_id,
        cast(attempts.value as integer) as attempt,
        cast(row_numbers.value as integer) as row_number
    from table(flatten(input => parse_json($run_ids))) as runs
    inner join table(flatten(input => parse_json($attempts))) as attempts
        on runs.index = attempts.index
    inner join table(flatten(input => parse_json($row_numbers))) as row_numbers
        on runs.index = row_numbers.index
) as fitting
where
    quarantine.tenant_id = $tenant_id
    and quarantine.resource = $resource
    and quarantine.run_id = fitting.run_id
    and quarantine.attempt = fitting.attempt
    and quarantine.row_number = fitting.row_number;
