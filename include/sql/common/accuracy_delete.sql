delete from analytics.forecast_accuracy
where
    tenant_id = $tenant_id
    and origin_week = $origin_week;
