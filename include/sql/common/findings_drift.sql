-- What the changelog of fields learned in a run; a field that stays as it is has no row there, and that one is as it
-- should be again is no alert.
with learned as (
    select
        resource,
        change,
        column_name,
        row_count,
        row_number() over (
            partition by resource, change
            order by column_name
        ) as place
    from ops.schema_drift
    where
        tenant_id = $tenant_id
        and run_id = $run_id
        and change not in ('returned', 'doubted')
)

select
    resource,
    change,
    count(*) as field_count,
    {{ first_values("column_name", "place", 5) }} as fields,
    max(row_count) as row_count
from learned
group by
    resource,
    change
order by
    resource,
    change;
