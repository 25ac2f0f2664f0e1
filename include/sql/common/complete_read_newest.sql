-- The newest complete read whose deletions were applied: when it began, by our clock and by the source's. What it did
-- not show was deleted by then.
select
    extracted_at,
    source_now
from ops.load_ledger
where
    tenant_id = $tenant_id
    and resource = $resource
    and is_complete
    and held_for_review = 0
    and extracted_at is not null
order by extracted_at desc
limit 1;
