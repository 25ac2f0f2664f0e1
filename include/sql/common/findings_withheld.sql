-- Deletes that the volume guard withheld in a run, unless it had withheld those of the complete read before as well.
with reads as (
    select
        resource,
        run_id,
        coalesce(withheld, 0) as withheld,
        loaded_at
    from ops.load_ledger
    where
        tenant_id = $tenant_id
        and is_complete
),

own as (
    select
        resource,
        max_by(withheld, loaded_at) as withheld,
        min(loaded_at) as loaded_at
    from reads
    where run_id = $run_id
    group by resource
),

earlier as (
    select
        own.resource,
        max_by(reads.withheld, reads.loaded_at) as withheld
    from own
    inner join reads
        on
            own.resource = reads.resource
            and reads.run_id <> $run_id
            and own.loaded_at > reads.loaded_at
    group by own.resource
)

select
    own.resource,
    own.withheld
from own
left join earlier
    on own.resource = earlier.resource
where
    own.withheld > 0
    and coalesce(earlier.withheld, 0) = 0
order by own.resource;
