-- What the changelog of fields learned in a run; a field that stays as it is has no row there.
select
    resource,
    change,
    count(*) as field_count,
    to_json(array_slice(array_sort(array_agg(column_name)), 0, 5)) as fields,
    max(row_count) as row_count
from ops.schema_drift
where
    tenant_id = $tenant_id
    and run_id = $run_id
group by
    resource,
    change
order by
    resource,
    change;
