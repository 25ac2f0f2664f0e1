-- Deletes that the volume guard held for review in a run, unless it had held those of the complete read before as well.
with reads as (
    select
        resource,
        run_id,
        coalesce(held_for_review, 0) as held_for_review,
        loaded_at
    from ops.load_ledger
    where
        tenant_id = $tenant_id
        and is_complete
),

own as (
    select
        resource,
        max_by(held_for_review, loaded_at) as held_for_review,
        min(loaded_at) as loaded_at
    from reads
    where run_id = $run_id
    group by resource
),

earlier as (
    select
        own.resource,
        max_by(reads.held_for_review, reads.loaded_at) as held_for_review
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
    own.held_for_review
from own
left join earlier
    on own.resource = earlier.resource
where
    own.held_for_review > 0
    and coalesce(earlier.held_for_review, 0) = 0
order by own.resource;
