-- What the changelog of fields learned in a run; a field that stays as it is has no row there, and that one is as it
-- should be again is no alert.
select
    resource,
    change,
    count(*) as field_count,
    list_slice(list_sort(list(column_name)), 1, 5) as fields,
    max(row_count) as row_count
from ops.schema_drift
where
    tenant_id = $tenant_id
    and run_id = $run_id
    and change <> 'returned'
group by
    resource,
    change
order by
    resource,
    change;
