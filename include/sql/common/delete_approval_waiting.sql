-- Approvals that a read which began at this time may use.
select count(*) as row_count
from ops.delete_approval
where
    tenant_id = $tenant_id
    and resource = $resource
    and used_at is null
    and approved_at <= $extracted_at;
