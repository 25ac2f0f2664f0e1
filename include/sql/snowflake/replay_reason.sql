-- Why rows that were typed again still do not fit.
update ops.quarantine
set reason = refused.reason
from (
    select
        cast(runs.value as varchar) as run_id,
        cast(attempts.value as integer) as attempt,
        cast(row_numbers.value as integer) as row_number,
        cast(reasons.value as varchar) as reason
    from table(flatten(input => parse_json($run_ids))) as runs
    inner join table(flatten(input => parse_json($attempts))) as attempts
        on runs.index = attempts.index
    inner join table(flatten(input => parse_json($row_numbers))) as row_numbers
        on runs.index = row_numbers.index
    inner join table(flatten(input => parse_json($reasons))) as reasons
        on runs.index = reasons.index
) as refused
where
    quarantine.tenant_id = $tenant_id
    and quarantine.resource = $resource
    and quarantine.run_id = refused.run_id
    and quarantine.attempt = refused.attempt
    and quarantine.row_number = refused.row_number;
