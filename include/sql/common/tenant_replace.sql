delete from raw.tenant
where tenant_id = $tenant_id;

insert into raw.tenant (tenant_id, name, time_zone, country, region, currency, source)
values ($tenant_id, $name, $time_zone, $country, $region, $currency, $source);
