-- Fields that are not as their contract says, by the changelog: the newest word on each change of a field.
with reported as (
    select
        resource,
        column_name,
        change,
        max(detected_at) as detected_at
    from ops.schema_drift
    where
        tenant_id = $tenant_id
        and change <> 'returned'
    group by
        resource,
        column_name,
        change
),

returned as (
    select
        resource,
        column_name,
        max(detected_at) as detected_at
    from ops.schema_drift
    where
        tenant_id = $tenant_id
        and change = 'returned'
    group by
        resource,
        column_name
)

select
    reported.resource,
    reported.column_name,
    reported.change
from reported
left join returned
    on
        reported.resource = returned.resource
        and reported.column_name = returned.column_name
where
    returned.detected_at is null
    or returned.detected_at < reported.detected_at;
