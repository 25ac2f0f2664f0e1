-- As in forecast_delete: the sums of a forecast go and stay with its weeks.
delete from analytics.forecast_protection
where
    tenant_id = $tenant_id
    and origin_week = $origin_week;
