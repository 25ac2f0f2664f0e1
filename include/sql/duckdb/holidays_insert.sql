insert into raw.public_holiday (tenant_id, date, name)
select
    $tenant_id as tenant_id,
    unnest($dates) as date,
    unnest($names) as name;
