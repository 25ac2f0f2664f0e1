-- A forecast of the same week replaces the earlier one; those of earlier weeks stay, to be measured.
delete from analytics.forecast_weekly
where
    tenant_id = $tenant_id
    and origin_week = $origin_week;
