delete from raw.public_holiday
where tenant_id = $tenant_id;
