-- Resources whose list never stood still while a run read it, unless the read before was unstable as well.
with reads as (
    select
        resource,
        run_id,
        max_by(coalesce(is_stable, true), loaded_at) as is_stable,
        max(loaded_at) as loaded_at
    from ops.load_ledger
    where tenant_id = $tenant_id
    group by
        resource,
        run_id
),

with_previous as (
    select
        resource,
        run_id,
        is_stable,
        lag(is_stable, 1, true) over (
            partition by resource
            order by loaded_at
        ) as was_stable
    from reads
)

select resource
from with_previous
where
    run_id = $run_id
    and not is_stable
    and was_stable
order by resource;
