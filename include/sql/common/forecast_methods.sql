-- Method of every series in the newest forecast made before this week's.
select
    article_number,
    branch_number,
    method
from {{ published_schema() }}.forecast_weekly
where
    tenant_id = $tenant_id
    and horizon = 1
    and origin_week = (
        select max(earlier.origin_week)
        from {{ published_schema() }}.forecast_weekly as earlier
        where
            earlier.tenant_id = $tenant_id
            and earlier.origin_week < $last_week
    )
order by
    article_number,
    branch_number;
