-- Fields that are not as their contract says, by the changelog: the newest word on each change of a field.
with told as (
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
    told.resource,
    told.column_name,
    told.change
from told
left join returned
    on
        told.resource = returned.resource
        and told.column_name = returned.column_name
where
    returned.detected_at is null
    or returned.detected_at < told.detected_at;
