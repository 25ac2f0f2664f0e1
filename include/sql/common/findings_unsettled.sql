-- Resources whose list never stood still while a run read it, unless the read before was unsettled as well.
with reads as (
    select
        resource,
        run_id,
        max_by(coalesce(is_settled, true), loaded_at) as is_settled,
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
        is_settled,
        lag(is_settled, 1, true) over (
            partition by resource
            order by loaded_at
        ) as was_settled
    from reads
)

select resource
from with_previous
where
    run_id = $run_id
    and not is_settled
    and was_settled
order by resource;
