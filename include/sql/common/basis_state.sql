-- What else a build hangs on: the business day, what people have asked for, the source and the key of hashes.
with days as (
    select as_of_date
    from ops.run
    where
        tenant_id = $tenant_id
        and as_of_date is not null
    qualify
        row_number() over (
            order by
                started_at desc,
                fence desc
        ) = 1
),

facts as (
    select
        'business_day' as name,
        cast(as_of_date as varchar) as fact
    from days
    union all
    select
        'resyncs' as name,
        cast(count(*) as varchar) as fact
    from ops.resync_request
    where tenant_id = $tenant_id
    union all
    select
        'approvals' as name,
        cast(count(*) as varchar) as fact
    from ops.delete_approval
    where tenant_id = $tenant_id
    union all
    select
        'releases' as name,
        cast(count(replayed_at) as varchar) as fact
    from ops.quarantine
    where tenant_id = $tenant_id
    union all
    select
        'source' as name,
        source as fact
    from ops.source
    where tenant_id = $tenant_id
    union all
    select
        'hash_key' as name,
        coalesce(key_id, '') || ' since ' || coalesce(cast(since as varchar), '') as fact
    from ops.hash_key
    where tenant_id = $tenant_id
)

select
    name,
    fact
from facts
order by name;
