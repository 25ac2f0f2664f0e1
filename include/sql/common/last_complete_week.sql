-- Monday of the last week whose Sunday lies before the newest business day that a run of this tenant has seen.
select cast(date_trunc('week', max(as_of_date)) as date) - 7 as last_complete_week
from ops.run
where tenant_id = $tenant_id;
