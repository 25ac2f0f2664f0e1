-- Warnings of a gate in a run that had not failed the last time they were checked, and when they held last.
with checks as (
    select
        run_id,
        suite,
        expectation,
        coalesce(column_name, '') as column_name,
        success,
        observed,
        checked_at
    from ops.dq_result
    where
        tenant_id = $tenant_id
        and gate = $gate
        and severity = 'warning'
        and observed not like 'not checked: missing columns%'
),

own as (
    select *
    from checks
    where
        run_id = $run_id
        and not success
),

earlier as (
    select
        suite,
        expectation,
        column_name,
        max_by(success, checked_at) as held,
        max(case when success then checked_at end) as last_held_at
    from checks
    where
        run_id <> $run_id
        and checked_at < (select min(own.checked_at) from own)
    group by
        suite,
        expectation,
        column_name
)

select
    own.suite,
    own.expectation,
    own.column_name,
    own.observed,
    earlier.last_held_at
from own
left join earlier
    on
        own.suite = earlier.suite
        and own.expectation = earlier.expectation
        and own.column_name = earlier.column_name
where coalesce(earlier.held, true)
order by
    own.suite,
    own.expectation,
    own.column_name;
