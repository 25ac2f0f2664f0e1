-- Monday of the last week whose Sunday lies before the business day of the newest run of this tenant.
select cast(date_trunc('week', as_of_date) as date) - 7 as last_complete_week
from ops.run
where
    tenant_id = $tenant_id
    and as_of_date is not null
order by
    started_at desc,
    fence desc
limit 1;
